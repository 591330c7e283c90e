"""The words for codes, from the seeds that the marts use too. No page has words of its own."""

import functools
from collections.abc import Mapping

from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.seeds import read_seed
from oic_assurance.settings import PROJECT_ROOT


@functools.cache
def labels(code_set: str) -> Mapping[str, str]:
    """Return the words for the codes of a set of the seed `code_label`, such as `status`.

    The set `exception` has the exceptions too that a kind of record declares.
    """
    rows = read_seed(PROJECT_ROOT, "code_label").rows
    words = {row["code"]: row["label"] for row in rows if row["code_set"] == code_set}
    return words | (read_declared(PROJECT_ROOT).exceptions if code_set == "exception" else {})
