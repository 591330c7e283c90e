"""Publish the days of a year one after another, then reproduce every publication.

Run it by hand with `python -m tests.year`. `test_year.py` runs a shorter version as a test.
"""
