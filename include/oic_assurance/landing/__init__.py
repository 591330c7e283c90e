"""Landing: archive a delivery, check its rows, and load them into raw or quarantine."""
