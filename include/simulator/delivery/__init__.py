"""The files that the force drops: how an export looks, when it comes, what is wrong with it."""
