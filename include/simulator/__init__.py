"""A synthetic police force that behaves as the source contract says, its defects included.

The world is a function of the seed and of its first day. It is lived day by day, and a range of
days is a window upon it: what the databases hold at its end, and the files dropped during it.
No name, number or text in it belongs to anybody.
"""
