"""Training: the events of the learning management system and of the Hydra tracker."""
