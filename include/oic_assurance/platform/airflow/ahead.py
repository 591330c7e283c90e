"""Importing this module imports what a run needs, for the process of which copies are made.

`multiprocessing` imports it there by its name (`platform/side_by_side.py`).
"""

import gc
import logging

from oic_assurance.platform.airflow.in_process import import_ahead
from oic_assurance.settings import load_settings

try:
    import_ahead(load_settings())
except Exception:
    # Each copy tries it again, and its force fails with the reason.
    logging.getLogger(__name__).exception("What a run needs cannot be imported ahead.")
# The copies would otherwise copy each page with an object when Python counts its references.
gc.collect()
gc.freeze()
