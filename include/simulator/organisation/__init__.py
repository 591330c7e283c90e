"""The force on paper: its units and the posts in them."""
