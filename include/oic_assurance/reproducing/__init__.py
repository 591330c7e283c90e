"""An old publication computed again from raw, and held against what was published."""
