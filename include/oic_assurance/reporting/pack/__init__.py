"""The assurance pack: what the Board is shown, made of the published marts alone."""
