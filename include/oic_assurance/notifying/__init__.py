"""Tells people when something is wrong with what readers see, and when it is over."""
