"""Where records come from: one declaration a dataset, and the connectors that read them."""
