"""Builds: each is one computation of the marts with dbt, run in this process."""
