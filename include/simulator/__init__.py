"""A synthetic police force that follows the source contract, with the defects of real sources.

The seed and the first day decide everything that happens. The simulation runs day by day. A range
of days gives the content of the databases at its end, and the files that were dropped during it.
All names, numbers and texts are made up.
"""
