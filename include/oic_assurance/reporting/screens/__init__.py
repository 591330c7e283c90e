"""The texts that commands print for people (screens), and the dataclasses (records) behind them.

A command prints either the screen of a record or, with `--json`, the record itself.
"""
