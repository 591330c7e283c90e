"""Withdraw and erase landed records whose marking has risen above the ceiling."""
