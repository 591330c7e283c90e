"""Shows that a change moves no published figure: dump the marts before and after it, compare."""
