"""Decorators, code lists and expectations that several suites use."""
