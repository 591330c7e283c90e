"""Builds: one computation of the marts with dbt, in this process."""
