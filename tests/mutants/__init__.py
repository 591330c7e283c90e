"""Change the rules at one place at a time, and check that a test notices each change.

`python -m tests.mutants` runs this, and `--help` lists its options. docs/rules-and-tests.md has the
results.
"""
