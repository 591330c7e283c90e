"""A catalogue of defects that have happened to pipelines, and the check that catches each."""
