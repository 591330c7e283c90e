"""The organisation of the force: its units and the posts in them."""
