"""Change the rules one place at a time, and check that a test notices.

`python -m tests.mutants --help` runs it. docs/rules-and-tests.md has the results.
"""
