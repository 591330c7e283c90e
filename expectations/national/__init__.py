"""The suites of the national warehouse, whose sources are what forces have published.

- `landing/`: the suites of landed datasets, one file for each dataset.
- `marts/`: the suites of marts, one file for each mart.
"""
