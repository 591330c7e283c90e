"""What ACRO shows of tables of records: run by an interpreter that has it (`pip install acro`).

Reads `[[[month, unit], …], …]`, a list of records a table, and writes a list of
`[[month, unit, count], …]` a table: what is shown, totals among it as `All`.
"""

import contextlib
import json
import logging
import sys
import warnings
from collections import Counter

THRESHOLD = 5


def main() -> None:
    """Suppress each table as ACRO does with our threshold, noughts being no secret."""
    import pandas
    from acro import ACRO

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    shown = []
    with contextlib.redirect_stdout(sys.stderr):
        session = ACRO(suppress=True)
        session.sdc_checks.risk_appetite |= {
            "safe_threshold": THRESHOLD,
            "zeros_are_disclosive": False,
        }
        for records in json.load(sys.stdin):
            if max(Counter(map(tuple, records)).values(), default=0) < THRESHOLD:
                # Of a table of which it can leave nothing, ACRO 1.0.2 shows an exception.
                shown.append([])
                continue
            # Months are words: a column of numbers is taken for something else.
            months = pandas.Series([f"month {month:02}" for month, _ in records], name="month")
            units = pandas.Series([unit for _, unit in records], name="unit")
            table = session.crosstab(months, units, margins=True)
            shown.append([[m, u, int(table.loc[m, u])] for m in table.index for u in table.columns])
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    main()
