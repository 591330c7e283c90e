"""Withdrawing and erasing landed records whose marking has risen above the ceiling."""
