"""The screen of `assurance access list`: the logins that may read records or aggregates."""

from dataclasses import dataclass

from oic_assurance.operations.access import last_change, list_access
from oic_assurance.reporting.screens.layout import NOTHING, table
from oic_assurance.settings import Settings


@dataclass(frozen=True)
class LoginAccess:
    """The rights of a login, who last changed them, and why.

    A supervisor reads the records of `units`. The Commissioner's office reads aggregates only.
    """

    login: str
    units: tuple[str, ...]
    is_supervisor: bool
    is_office: bool
    #: The rights of a person (`roles.RIGHTS`).
    rights: tuple[str, ...]
    #: The person who last changed the rights. None if `assurance access` has never changed them.
    changed_by: str | None
    because: str | None


@dataclass(frozen=True)
class AccessList:
    """All logins that have the rights of a supervisor or of the Commissioner's office."""

    logins: list[LoginAccess]


def read_access(settings: Settings) -> AccessList:
    """Return all logins that have the rights of a supervisor or of the Commissioner's office.

    Raises:
        ServerError: The warehouse cannot be reached.
    """
    found = []
    for one in list_access(settings):
        changed_by, because = last_change(settings, one.login) or (None, None)
        found.append(
            LoginAccess(
                one.login,
                one.units,
                one.is_supervisor,
                one.is_office,
                one.rights,
                changed_by,
                because,
            )
        )
    return AccessList(found)


def access_screen(found: AccessList) -> str:
    """Return a table of the logins and their rights."""
    if not found.logins:
        return "No login reads as a supervisor or as the Commissioner's office.\n"
    rows = [
        (
            one.login,
            "aggregates" if one.is_office else ", ".join(one.units) or NOTHING,
            ", ".join(one.rights) or NOTHING,
            one.changed_by or NOTHING,
            one.because or NOTHING,
        )
        for one in found.logins
    ]
    lines = table(("login", "reads", "rights", "changed by", "because"), rows, indent=0)
    return "\n".join(lines) + "\n"
