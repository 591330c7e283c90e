"""Apply the disclosure control of a published tool to tables of records.

`PYTHON disclosure_peer.py METHOD`

The Python interpreter of an environment with the tool runs this file:

- `acro`: ACRO (`pip install acro`), which leaves out small cells.
- `tauargus`: pytauargus (`pip install pytauargus pandas`), which leaves out small cells, and then
  those other cells from which a small cell could be computed. Its option `OPT` chooses the other
  cells so that the least information is lost.
- `cellkey_rule`, `cellkey_noise`: cell-key-perturbation (`pip install cell-key-perturbation`),
  which changes each number slightly.

Standard input is JSON, `[[[month, unit, side, record], …], …]`: a list of records for each table.
Standard output is JSON, `[[[month, unit, side, number, within], …], …]`: a list of the numbers that
the tool shows for each table. `null` means all months, all units or all sides. `within` is the most
by which the number can differ from the true number.
"""

import contextlib
import json
import logging
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable

THRESHOLD = 5
Row = list[object]
#: The month, unit, side and number of a record.
Record = tuple[int, str, int, int]


def main() -> None:
    """Protect each table from standard input with the chosen method, and print what it shows.

    The threshold is this project's. Zeros need no protection.
    """
    methods: dict[str, Callable[[list[Record]], list[Row]]] = {
        "acro": acro,
        "tauargus": tauargus,
        "cellkey_rule": lambda records: cell_key(records, with_noise=False),
        "cellkey_noise": lambda records: cell_key(records, with_noise=True),
    }
    method = methods[sys.argv[1]]
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):
        shown = [method(records) for records in json.load(sys.stdin)]
    json.dump(shown, sys.stdout)


def acro(records: list[Record]) -> list[Row]:
    """Make a table of months and units for each side with ACRO.

    ACRO's totals are left out, because each is the sum of only the numbers that ACRO shows.
    """
    import pandas
    from acro import ACRO

    session = ACRO(suppress=True)
    session.sdc_checks.risk_appetite |= {
        "safe_threshold": THRESHOLD,
        "zeros_are_disclosive": False,
    }
    shown: list[Row] = []
    for side in (0, 1):
        found = [(month, unit) for month, unit, of, _ in records if of == side]
        if max(Counter(found).values(), default=0) < THRESHOLD:
            # ACRO 1.0.2 raises an exception if it would suppress every number of a table.
            continue
        # Months are passed as strings, because ACRO treats a numeric column differently.
        months = pandas.Series([f"{month:02}" for month, _ in found], name="month")
        units = pandas.Series([unit for _, unit in found], name="unit")
        table = session.crosstab(months, units, margins=True)
        shown += [
            [int(month), unit, side, int(table.loc[month, unit]), 0]
            for month in table.index
            for unit in table.columns
            if "All" not in (month, unit) and table.loc[month, unit] > 0
        ]
    return shown


def tauargus(records: list[Record]) -> list[Row]:
    """Protect one table of months, units and sides, with all its totals, using τ-Argus.

    The safety margin is 100 percent: from the totals, nobody may be able to narrow a small number
    down to a range smaller than from 0 to twice that number.
    """
    import pandas
    from pytauargus import protect

    if not records:
        return []
    frame = pandas.DataFrame(
        [(f"{month:02}", unit, str(side), 1.0) for month, unit, side, _ in records],
        columns=["month", "unit", "side", "n"],
    )
    # The tool's solver writes its logs into the working folder.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        done = protect(
            frame,
            ["month", "unit", "side"],
            response="n",
            safety_rules=f"FREQ({THRESHOLD},100)",
            suppress="OPT(1)",
            decimals=0,
            workdir=folder,
        )
        rows = done.tables[0].rows
    return [
        [
            None if month == "Total" else int(month),
            None if unit == "Total" else unit,
            None if side == "Total" else int(side),
            int(row["n"]),
            0,
        ]
        for row in rows
        # The tool pads codes with blanks.
        for month, unit, side in [[row[name].strip() for name in ("month", "unit", "side")]]
        if row["status"] not in ("U", "M")
    ]


def cell_key(records: list[Record], *, with_noise: bool) -> list[Row]:
    """Make the table of the units and the table of the force separately, by cell-key perturbation.

    Without noise, the package's own table of changes is used: numbers below 10 are left out, and
    all others are rounded to a multiple of 5. With noise, the cell key decides which whole number
    from -2 to 2 is added to a number. Each of the five is equally likely.
    """
    import pandas
    from cell_key_perturbation.create_perturbed_table import create_perturbed_table
    from cell_key_perturbation.utils.generate_test_ptable import generate_ptable_10_5_rule

    if not records:
        return []
    changes = generate_ptable_10_5_rule()
    if with_noise:
        changes["pvalue"] = changes["ckey"] % 5 - 2
        changes.loc[changes["pcv"] < THRESHOLD, "pvalue"] = 0
    frame = pandas.DataFrame(
        [(f"{m:02}", unit, str(side), _key(record)) for m, unit, side, record in records],
        columns=["month", "unit", "side", "record_key"],
    )
    shown: list[Row] = []
    for names in (["month", "unit", "side"], ["month", "side"]):
        table = create_perturbed_table(
            data=frame,
            ptable=changes,
            geog=[],
            tab_vars=names,
            record_key="record_key",
            threshold=THRESHOLD if with_noise else 10,
        )
        for row in table.to_dict("records"):
            if not pandas.isna(row["count"]):
                unit = row.get("unit")
                shown.append([int(row["month"]), unit, int(row["side"]), int(row["count"]), 2])
    return shown


def _key(record: int) -> int:
    """Return the key of a record, from 0 to 255. It is the same in every release."""
    return record * 2654435761 % 2**32 >> 24


if __name__ == "__main__":
    main()
