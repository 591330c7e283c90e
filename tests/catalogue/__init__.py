"""A catalogue of defects that have happened in pipelines, each with the check that catches it."""
