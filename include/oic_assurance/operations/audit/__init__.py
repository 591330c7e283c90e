"""The log of processing: verify it, ship its head, collect readers' statements, report from it."""
