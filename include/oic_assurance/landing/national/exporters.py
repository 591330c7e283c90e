"""Which forces belong to the national view, and the key by which it knows the deployment of each.

The first signed export of a force makes its key known. From then on, an export with another key, or
without a signature, is refused until a person trusts the other key.

A force that has left is withdrawn by a person. From then on, its exports are not taken, and the
models do not use its rows. They stay in raw, because earlier publications were computed from them.
"""

import re
from datetime import date

import psycopg

from oic_assurance.clock import london_day
from oic_assurance.errors import DeliveryRefused, UsageError
from oic_assurance.formats import long_day
from oic_assurance.settings import FORCE_AREA, Settings, force_areas
from oic_assurance.sources.national.manifest import Exporter
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_row

_ROLE = "oic_landing"
_DECIDE = """
insert into audit.national_membership (
    force_code, reporting_force_code, decision, decided_by, reason
)
values (%s, %s, %s, %s, %s)
"""
_INSERT = """
insert into audit.exporter (force_code, reporting_force_code, key_sha256, host, trusted_by, reason)
values (%s, %s, %s, %s, %s, %s)
"""


def known_exporter(
    connection: psycopg.Connection, force_code: str, reporting: str
) -> Exporter | None:
    """Return the deployment that a force is known by, or None if it has never signed."""
    found = find_row(
        connection,
        """
        select key_sha256, host
        from audit.exporter
        where force_code = %s and reporting_force_code = %s
        order by exporter_id desc
        limit 1
        """,
        (force_code, reporting),
    )
    return None if found is None else Exporter(*found)


def check_exporter(
    connection: psycopg.Connection, force_code: str, reporting: str, found: Exporter | None
) -> None:
    """Check that an export was made by the deployment that its force is known by.

    The first deployment that signs becomes known. As long as none has, exports of older code, which
    are not signed, are landed.

    Raises:
        DeliveryRefused: Another deployment has made the export, or nobody has signed it.
    """
    known = known_exporter(connection, force_code, reporting)
    if known is None:
        if found is not None:
            values = (force_code, reporting, found.key, found.host, None, None)
            connection.execute(_INSERT, values)
    elif found is None:
        raise DeliveryRefused(
            f"force {reporting}: nobody has signed its manifest, and the force is known by the "
            f"{known}: it was made by older code or by another deployment"
        )
    elif found.key != known.key:
        raise DeliveryRefused(
            f"force {reporting}: it was exported by another deployment: by the {found}, and the "
            f"force is known by the {known}. If the force confirms the new key: "
            f"`assurance release trust {reporting} {found.key} --reason …`"
        )


def trust(settings: Settings, reporting: str, key: str, who: str, reason: str) -> Exporter | None:
    """Make another key the one that a force is known by.

    Return the deployment that it was known by before, or None.

    `who` is the login of the person who decides.

    Raises:
        UsageError: This is not the national warehouse, the code or the key is not one, the force is
            known by the key already, or the reason is missing.
    """
    _check(settings, reporting)
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise UsageError(f"'{key}' is not the SHA-256 of a key, as `release national` shows it.")
    if not reason.strip():
        raise UsageError("A new key needs a reason: who has confirmed it, and how.")
    with connect(settings, role=_ROLE) as connection:
        known = known_exporter(connection, settings.force_code, reporting)
        if known is not None and known.key == key:
            raise UsageError(f"The force {reporting} is known by the key {key} already.")
        values = (settings.force_code, reporting, key, "not seen yet", who, reason.strip())
        connection.execute(_INSERT, values)
    return known


def withdrawn_forces(connection: psycopg.Connection, force_code: str) -> dict[str, date]:
    """Return the forces that are withdrawn from the national view, and since which day each is."""
    rows = connection.execute(
        "select reporting_force_code, decided_at from audit.withdrawn_force where force_code = %s",
        (force_code,),
    ).fetchall()
    return {code: london_day(decided_at) for code, decided_at in rows}


def decide_membership(
    settings: Settings, reporting: str, who: str, reason: str, *, withdraws: bool
) -> None:
    """Withdraw a force from the national view, or take it in again. The decision is on record.

    `who` is the login of the person who decides. Readers of the national view see the reason of a
    withdrawal.

    Raises:
        UsageError: This is not the national warehouse, the code is not one, it is so already, or
            the reason is missing or names an address.
    """
    _check(settings, reporting)
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError("The decision needs a reason: it is kept on record.")
    if "@" in reason:
        raise UsageError("Readers see the reason: leave out addresses and names of people.")
    with connect(settings, role=_ROLE) as connection:
        since = withdrawn_forces(connection, settings.force_code).get(reporting)
        if withdraws and since is not None:
            day = long_day(since)
            raise UsageError(f"The force {reporting} is withdrawn already, since {day}.")
        if not withdraws and since is None:
            raise UsageError(f"The force {reporting} is not withdrawn: there is nothing to do.")
        decision = "WITHDRAWN" if withdraws else "READMITTED"
        connection.execute(_DECIDE, (settings.force_code, reporting, decision, who, reason))


def _check(settings: Settings, reporting: str) -> None:
    if settings.kind != "national":
        raise UsageError("This is a command of the national warehouse: set ASSURANCE_KIND.")
    if reporting not in force_areas():
        raise UsageError(f"'{reporting}' is not {FORCE_AREA}.")
