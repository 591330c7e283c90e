"""Which forces belong to the national view, and by which keys they are known."""
