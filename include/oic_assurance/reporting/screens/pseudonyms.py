"""The screens about pseudonyms: the version of their key, and a finished re-keying."""

from collections.abc import Iterator

from oic_assurance.operations.pseudonyms.rekey import Rekey
from oic_assurance.operations.pseudonyms.status import PastRekey, PseudonymStatus
from oic_assurance.reporting.screens.layout import NOTHING, count, moment, table, wrapped


def status_screen(found: PseudonymStatus) -> str:
    """Return the screen of the current key, with a table of all re-keyings."""
    since = "not on record" if found.made_at is None else moment(found.made_at)
    lines = [
        f"Key version  {found.version}, made {since}",
        f"Pseudonyms   {found.pseudonyms:,}",
        f"Key here     {_key_here(found)}",
    ]
    if found.of_earlier_versions:
        lines += wrapped(
            f"{count(found.of_earlier_versions, 'pseudonym')} of an earlier version: "
            "`assurance pseudonyms rekey` finishes the re-keying."
        )
    if not found.has_force:
        lines += wrapped(
            "The pseudonyms do not depend on the force yet: `assurance pseudonyms rekey` changes "
            "that."
        )
    if found.rekeys:
        lines += ["", "Re-keyings"]
        lines += table(
            ("began", "versions", "pseudonyms", "state", "by", "because"),
            [_row(one) for one in found.rekeys],
        )
        for one in found.rekeys:
            lines += _faults(one)
    return "\n".join(lines) + "\n"


def rekey_screen(done: Rekey, waits_for: str | None) -> str:
    """Return the screen of a finished re-keying.

    `waits_for` says what the removal of the last traces is waiting for. It is None if they are
    removed.
    """
    lines = wrapped(
        f"{count(done.pseudonyms, 'pseudonym')} of key version {done.from_version} were replaced "
        f"with those of version {done.to_version}."
    )
    if done.without_number:
        lines += wrapped(
            f"{count(done.without_number, 'pseudonym')} of erased numbers got a random one."
        )
    if done.is_generated:
        lines.append("The new key is in the state folder, and the earlier one is removed.")
    else:
        lines += wrapped(
            "The environment has the new key. Remove the earlier key from wherever you store it."
        )
    lines += wrapped("Earlier backups contain the earlier pseudonyms, and perhaps their key.")
    if done.left_in:
        lines += wrapped(_left(done.left_in))
    if waits_for is not None:
        lines += wrapped(
            f"The last traces wait for {waits_for}. The next run, or `assurance pseudonyms rekey`, "
            "removes them."
        )
    return "\n".join(lines) + "\n"


def _key_here(found: PseudonymStatus) -> str:
    if found.key_is_right is None:
        return "none yet" if found.pseudonyms == 0 else "MISSING"
    return f"that of version {found.version}" if found.key_is_right else "ANOTHER KEY"


def _row(one: PastRekey) -> tuple[str, ...]:
    state = "UNFINISHED"
    if one.finished_at is not None:
        state = "ended" if one.cleaned_at is not None else "ended, traces left"
    return (
        moment(one.started_at),
        f"{one.from_version} → {one.to_version}",
        f"{one.pseudonyms:,}",
        state,
        one.who or NOTHING,
        one.because,
    )


def _faults(one: PastRekey) -> Iterator[str]:
    if one.evidence_holds is False:
        yield from wrapped(
            f"Version {one.to_version}: the record of the tables' fingerprints was CHANGED since.",
            2,
        )
    if one.left_in:
        yield from wrapped(f"Version {one.to_version}: {_left(one.left_in)}", 2)


def _left(tables: list[str]) -> str:
    return (
        f"Tables that may not be changed still name an officer by an earlier pseudonym: "
        f"{', '.join(tables)}."
    )
