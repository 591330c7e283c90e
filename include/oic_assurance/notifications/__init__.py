"""Find problems, and notify people when a problem begins, changes its cause or is over."""
