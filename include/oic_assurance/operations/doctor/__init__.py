"""Look at the whole installation, and say what to do. Nothing is changed.

Each module has the looks at one part: each look is a function that returns its findings. The looks
that need Airflow, notifications or the locks of commands are in `platform/looks.py`.
"""
