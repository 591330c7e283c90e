"""Look at the whole installation, and say what to do. Nothing is changed.

Each look is a function that returns its findings. The looks that need Airflow, notifications or the
locks of commands are in `platform/looks.py`. What is on record already is said by the views of
schema `state`, and not looked at here.
"""
