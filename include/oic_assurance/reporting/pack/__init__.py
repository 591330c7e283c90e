"""The assurance pack: the report for the Board and the public, made from published marts only."""
