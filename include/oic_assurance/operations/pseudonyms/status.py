"""The state of the pseudonyms: the version of their key, their number, and past re-keyings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from oic_assurance.landing.pseudonyms import (
    FORM_WITHOUT_FORCE,
    SECRET,
    current_version,
    is_key_of,
)
from oic_assurance.operations.pseudonyms.rekey import ROLE, evidence_of
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import named_rows
from oic_assurance.warehouse.secrets import find_secret

_REKEYS: LiteralString = """
select rekey_id, started_at, finished_at, cleaned_at, from_version, to_version, because, who,
    pseudonyms, evidence, left_in, null as evidence_holds
from audit.rekey
order by rekey_id desc
"""


@dataclass(frozen=True)
class PseudonymStatus:
    """The current version of the key, how many pseudonyms each version has, and all re-keyings.

    `made_at` is None if the key dates from before versions were recorded. `has_force` is False if
    the pseudonyms do not yet depend on the force. `key_is_right` tells whether this deployment has
    the current version's key. It is None if there is no key, or if nothing yet shows whether the
    key is right. `evidence_holds` of a re-keying is None until it is finished, and False if the
    recorded fingerprints of the tables have been changed since then.
    """

    version: int
    made_at: datetime | None
    has_force: bool
    key_is_right: bool | None
    pseudonyms: int
    of_earlier_versions: int
    rekeys: list[Any]

    @property
    def is_well(self) -> bool:
        """Return whether the key is right, no re-keying is unfinished, and evidence is intact."""
        has_key = self.key_is_right or (self.key_is_right is None and self.pseudonyms == 0)
        return bool(has_key) and all(
            one.finished_at is not None and one.evidence_holds is not False for one in self.rekeys
        )


def read_status(settings: Settings) -> PseudonymStatus:
    """Return the state of the pseudonyms.

    Raises:
        ServerError: The warehouse cannot be reached, or the key cannot be read.
    """
    key = find_secret(settings, SECRET)
    with connect(settings, role=ROLE) as connection:
        current = current_version(connection)
        counts: dict[int, int] = dict(
            connection.execute(
                "select key_version, count(*) from identity.pseudonym group by key_version"
            ).fetchall()
        )
        rekeys = named_rows(connection, _REKEYS)
        for past in rekeys:
            if past.evidence is not None:
                past.evidence_holds = evidence_of(connection, past.rekey_id) == past.evidence
        return PseudonymStatus(
            version=current.version,
            made_at=current.made_at,
            has_force=current.form != FORM_WITHOUT_FORCE,
            key_is_right=None if key is None else is_key_of(connection, current, key),
            pseudonyms=sum(counts.values()),
            of_earlier_versions=sum(
                number for version, number in counts.items() if version != current.version
            ),
            rekeys=rekeys,
        )
