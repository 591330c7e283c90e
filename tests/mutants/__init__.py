"""Changes the rules one place at a time, and looks whether a test notices.

`python -m tests.mutants --help` runs it; docs/rules-and-tests.md says what came of it.
"""
