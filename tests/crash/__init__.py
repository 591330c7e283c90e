"""The crash harness, which kills running work at many points and checks that a re-run converges.

A re-run converges if the state after it equals the state after an uninterrupted run.

A fault kills the pipeline, an Airflow worker or the database server, cuts a connection, or fills a
disk. Run the harness by hand with `python -m tests.crash`. `test_kill_points.py` runs it as a test.
"""
