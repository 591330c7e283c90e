"""Find problems, and notify people once when a problem begins and once when it is over."""
