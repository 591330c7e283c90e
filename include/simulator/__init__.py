"""A synthetic police force whose sources follow the source contract and have realistic errors.

The seed and the first day decide everything that happens. The simulation runs day by day. For a
range of days, it writes the databases as they are at the end of the range and the files that were
dropped during the range. All names, numbers and texts are made up.
"""
