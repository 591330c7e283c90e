"""Read deliveries from source databases."""
