"""Sign-off: closing an assurance point or a recommendation, step by step, and reopening it."""
