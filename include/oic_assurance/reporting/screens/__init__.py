"""The texts that commands print for people (screens), and the dataclasses with the data.

A command prints a screen made from a dataclass. With `--json`, it prints the dataclass as JSON
instead.
"""
