"""Tests that the state of each release migrates and publishes with today's code."""
