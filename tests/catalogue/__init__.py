"""A catalogue of defects that have happened to pipelines, each with the check that catches it."""
