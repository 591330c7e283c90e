"""Benchmarks of landing, the daily run, the gate, readers and disclosure control."""
