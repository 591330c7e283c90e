"""Apply ACRO's disclosure control to tables of records.

The Python interpreter of an environment with ACRO (`pip install acro`) runs this file.

- Standard input is JSON, `[[[month, unit], …], …]`: one list of records for each table.
- Standard output is JSON, `[[[month, unit, count], …], …]`: for each table, the numbers that ACRO
  shows. In a total, the month or the unit is `All`.
"""

import contextlib
import json
import logging
import sys
import warnings
from collections import Counter

THRESHOLD = 5


def main() -> None:
    """Let ACRO suppress small numbers in each table, with the threshold of this project.

    Zeros are shown.
    """
    import pandas
    from acro import ACRO

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    shown: list[list[list[object]]] = []
    with contextlib.redirect_stdout(sys.stderr):
        session = ACRO(suppress=True)
        session.sdc_checks.risk_appetite |= {
            "safe_threshold": THRESHOLD,
            "zeros_are_disclosive": False,
        }
        for records in json.load(sys.stdin):
            if max(Counter(map(tuple, records)).values(), default=0) < THRESHOLD:
                # ACRO 1.0.2 raises an exception if it would suppress every number of a table.
                shown.append([])
                continue
            # Months are given as texts, because ACRO treats a column of numbers differently.
            months = pandas.Series([f"month {month:02}" for month, _ in records], name="month")
            units = pandas.Series([unit for _, unit in records], name="unit")
            table = session.crosstab(months, units, margins=True)
            shown.append([[m, u, int(table.loc[m, u])] for m in table.index for u in table.columns])
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    main()
