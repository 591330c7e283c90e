"""Tests of the national warehouse, from files of made-up forces to its publication."""
