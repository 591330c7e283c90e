"""What a person does by hand, beside the daily run."""
