"""Messages about failures, sent once, and once more when they are over."""
