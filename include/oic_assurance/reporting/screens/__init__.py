"""The texts that commands print for people (screens), and the dataclasses with their data.

A command prints the screen that is made from a dataclass. With `--json`, the command prints the
dataclass as JSON instead.
"""
