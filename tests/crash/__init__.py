"""Kill the pipeline, its workers, its server or its connections, and check that a re-run converges.

Run it by hand with `python -m tests.crash`. `test_kill_points.py` runs it as a test.
"""
