"""Training: the events in the learning management system and in the Hydra tracker."""
