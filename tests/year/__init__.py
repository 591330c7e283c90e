"""Lives a year of publications day by day, then computes every one of them again.

`python -m tests.year --help` runs it by hand; `test_year.py` is the same, shorter, as a test.
"""
