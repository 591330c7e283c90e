"""Read deliveries from dropped files."""
