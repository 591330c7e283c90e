"""Training: what the learning management system and the Hydra tracker know."""
