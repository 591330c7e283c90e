"""Change the rules in one place at a time, and check that a test notices each change.

Run it with `python -m tests.mutants`; `--help` lists the options. The results are in
docs/rules-and-tests.md.
"""
