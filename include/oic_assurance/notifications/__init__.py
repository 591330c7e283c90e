"""Find what is wrong, and notify people once when it starts and once when it is over."""
