"""The screen of `assurance publication reproduce`.

It shows whether the recomputed tables equal the published tables and, if not, the differences and
what can explain them.
"""

from collections.abc import Iterator

from oic_assurance.operations.reproduce.compare import ROWS_NAMED, RowDifference, TableComparison
from oic_assurance.operations.reproduce.reproduce import Reproduction
from oic_assurance.reporting.screens.layout import NOTHING, count, moment, table, wrapped
from oic_assurance.warehouse.fingerprint import TableFingerprint

_SHORT = 12


def reproduction_screen(done: Reproduction) -> str:
    """Return the screen: the result for each table, the rows that differ, and the conclusion.

    The conclusion lists known changes since the publication that can explain the differences.
    """
    publication = done.publication
    lines = [
        *wrapped(
            f"Publication {publication.publication_id} as at {moment(publication.as_at)}, "
            f"published {moment(publication.published_at)}, recomputed from raw as known then"
        ),
        "",
        *table(("table", "rows", "fingerprint", ""), [_table_row(one) for one in done.tables]),
    ]
    for one in done.tables:
        lines += _rows(one)
    return "\n".join([*lines, "", *_verdict(done)]) + "\n"


def _table_row(one: TableComparison) -> tuple[str, ...]:
    return (
        one.place,
        _change(_number(one.audited), _number(one.recomputed)),
        _change(_mark(one.audited), _mark(one.recomputed)),
        _word(one),
    )


def _word(one: TableComparison) -> str:
    if one.is_equal:
        return "equal"
    if one.audited is None:
        return "NEW: the publication did not have it"
    if one.recomputed is None:
        return "GONE: it is not built any more"
    return "ALTERED since it was published" if one.reproduces else "DIFFERS"


def _rows(one: TableComparison) -> Iterator[str]:
    if one.is_equal or one.audited is None or one.recomputed is None:
        return
    yield ""
    if one.stored is None:
        yield from wrapped(
            f"{one.place}: its rows are no longer kept, so the differing rows cannot be listed."
        )
        return
    most = ", the first ones" if len(one.rows) == ROWS_NAMED else ""
    yield f"{one.place}: {count(len(one.rows), 'row')}{most}, as published and as recomputed:"
    for row in one.rows:
        yield from _row(row)


def _row(row: RowDifference) -> Iterator[str]:
    key = ", ".join(f"{name} {value}" for name, value in row.key.items())
    if row.is_in_stored and row.is_in_recomputed:
        yield f"  {key}"
        for column, then, now in row.values:
            yield from wrapped(f"{column}: {_text(then)} → {_text(now)}", 6)
    else:
        yield f"  {key}: only {'as published' if row.is_in_stored else 'as recomputed'}"


def _verdict(done: Reproduction) -> Iterator[str]:
    then, now = done.expected_content or NOTHING, done.content_fingerprint
    if done.is_equal:
        yield from wrapped(f"Equal: {count(len(done.tables), 'table')}, content fingerprint {now}")
        yield from _rekeyed(done)
        return
    differing = sum(not one.is_equal for one in done.tables)
    yield f"NOT EQUAL: {differing} of {count(len(done.tables), 'table')}"
    yield from wrapped(f"content fingerprint then {then}", 2)
    yield from wrapped(f"content fingerprint now  {now}", 2)
    yield from _rekeyed(done)
    for reason in done.reasons:
        yield from wrapped(reason.text, 0)
    if not done.reasons:
        yield from wrapped(
            "Neither the rules nor erasures explain it: somebody has changed raw, the audit tables "
            "or the published tables. `assurance batch verify` compares raw with the archive.",
            0,
        )


def _rekeyed(done: Reproduction) -> Iterator[str]:
    published = done.publication.content_fingerprint
    if done.expected_content != published:
        yield from wrapped(
            f"The pseudonyms were replaced since. It was published with {published}.", 2
        )


def _change(then: str, now: str) -> str:
    return then if then == now else f"{then} → {now}"


def _number(one: TableFingerprint | None) -> str:
    return NOTHING if one is None else f"{one.rows:,}"


def _mark(one: TableFingerprint | None) -> str:
    return NOTHING if one is None else one.fingerprint[:_SHORT]


def _text(value: str | None) -> str:
    return "blank" if value is None else value
