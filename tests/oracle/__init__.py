"""An independent reading of the mart contract in plain Python, to hold the warehouse against.

Nothing here shares code with the pipeline. `python -m tests.oracle` makes worlds, fills the
sources as an outside program would, runs the command line, and prints every difference.
"""
