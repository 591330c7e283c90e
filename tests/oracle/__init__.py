"""An independent implementation of the mart contract in plain Python.

The marts are compared with this oracle, which shares no code with the pipeline. `python -m
tests.oracle` works in four steps:

1. Make worlds: the rows and files of made-up sources.
2. Fill the source databases and the dropzone, as an outside program would.
3. Run the command line.
4. Compare the marts with the oracle, and print every difference.
"""
