"""Find problems, and notify people when a problem begins, gets another cause or is over."""
