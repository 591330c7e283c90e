"""What several suites share: decorators, code lists, and expectations of many tables."""
