"""What the landing costs, beside what others do with the same rows in the same run."""
