"""The key by which the national warehouse knows the deployment of each force.

The first signed export of a force makes its key known. From then on, an export with another key, or
without a signature, is refused until a person trusts the other key.
"""

import re

import psycopg

from oic_assurance.errors import DeliveryRefused, UsageError
from oic_assurance.settings import FORCE_AREA, Settings, force_areas
from oic_assurance.sources.files.manifest import Exporter
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_row

_ROLE = "oic_landing"
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
    if settings.kind != "national":
        raise UsageError("The national warehouse trusts keys of forces: set ASSURANCE_KIND.")
    if reporting not in force_areas():
        raise UsageError(f"'{reporting}' is not {FORCE_AREA}.")
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
