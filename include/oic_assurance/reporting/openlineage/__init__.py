"""OpenLineage events: which stage of a run read and wrote which tables.

The standard is at https://openlineage.io. docs/how-to/monitor.md says what the events hold.
"""
