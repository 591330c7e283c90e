"""The expectations for landed datasets and marts, as Python functions.

- `landing/`: the suites of landed datasets, one file for each dataset.
- `marts/`: the suites of marts, one file for each mart.
- `vocabulary.py`: the classes and functions that suites are written with.
- `catalogue.py`: finds every suite.
- `shared/`: decorators, code lists and expectations that several suites use.
"""
