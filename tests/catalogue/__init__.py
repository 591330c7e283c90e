"""A catalogue of defects that have happened to pipelines, and the gate that catches each."""
