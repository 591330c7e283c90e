"""The checks of health: what SQL cannot see is measured, shown, and put on record.

`registry.py` lists every check with its name, the function that measures, and the codes of the
problems that it finds. A run, the watch and the nightly upkeep make some of them, and `assurance
doctor` makes all. Nothing is changed but the record of what was measured (`checks.py`). What is on
record already is said by the views of schema `state`, and not measured here.
"""
