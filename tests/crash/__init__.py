"""Kills the pipeline, its workers or its server anywhere, and looks what comes of it.

`python -m tests.crash --help` runs it by hand; `test_killed_anywhere.py` is the same as a test.
"""
