"""How often Python looks for objects that only refer to each other."""

import gc

#: How many objects are made between two looks at the new ones, how many such looks between two at
#: those that survived, and how many of these between two at all objects.
_RARELY = 100_000, 50, 100


def collect_rarely() -> None:
    """Make Python look less often, for the rest of this process.

    Airflow and dbt import some thousand modules and keep the whole project in memory. Each look at
    all objects visits these too, and finds nothing. A look after every 700 new objects, as Python
    does it, takes a fifth of the time of a start.
    """
    gc.set_threshold(*_RARELY)
