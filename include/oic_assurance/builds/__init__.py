"""Builds: each computes all marts once, with dbt running in this process."""
