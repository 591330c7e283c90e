"""What is shown to people: one screen at a time."""
