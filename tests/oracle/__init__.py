"""An independent implementation of the mart contract in plain Python.

The marts are compared with it. It shares no code with the pipeline. `python -m tests.oracle` makes
worlds, fills the sources as an outside program would, runs the command line, and prints every
difference.
"""
