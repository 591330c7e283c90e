"""Builds. A build is one computation of all marts with dbt, which runs in this process."""
