"""From a delivery to raw: the batch is kept, its rows are checked, versioned or quarantined."""
