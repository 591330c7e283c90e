"""Roles and accounts in Airflow: passwords, and what the organisation's sign-on says of a person.

`deploy/airflow/webserver_config.py` gives this class to Airflow's FAB auth manager.
"""

import os
import time
from collections.abc import Mapping
from typing import Any

from airflow.providers.fab.auth_manager.security_manager.override import (
    FabAirflowSecurityManagerOverride,
)

from oic_assurance.errors import AssuranceError
from oic_assurance.platform.airflow.roles import ROLES

#: How many wrong passwords cause no wait, and the longest wait that further ones cause.
FREE_FAILURES, LONGEST_WAIT_SECONDS = 2, 8.0
#: The variables that name the claims with a person's user name and groups, and their defaults.
USERNAME_CLAIM = ("AIRFLOW_OAUTH_USERNAME_CLAIM", "preferred_username")
GROUPS_CLAIM = ("AIRFLOW_OAUTH_GROUPS_CLAIM", "groups")


class Accounts(FabAirflowSecurityManagerOverride):
    """Keep the roles, and log people in by password or with the organisation's sign-on."""

    def sync_roles(self) -> None:
        """Create Airflow's own roles, and give the roles of this project exactly their permissions.

        `airflow sync-perm` and the start of the api-server call this method. Airflow's own ways to
        create roles leave a role that exists as it is, so an upgrade could not take a right away.
        """
        super().sync_roles()
        for name, permissions in ROLES.items():
            role = self.add_role(name)
            wanted = [self.create_permission(*permission) for permission in sorted(permissions)]
            if {one.id for one in role.permissions} != {one.id for one in wanted}:
                role.permissions = wanted
                self.session.commit()

    def auth_user_db(self, username: str, password: str, rotate_session_id: bool = True) -> Any:
        """Return the account if the password is right, otherwise None.

        Login attempts wait longer and longer after wrong passwords for the account. The rate limit
        of the login page does not protect the REST API's token endpoint, but this wait does. The
        first two wrong passwords cause no wait. After the third, an attempt waits for a quarter of
        a second. Each further wrong password doubles the wait, up to eight seconds. A successful
        login ends the waiting.
        """
        user = self.find_user(username) if username else None
        failures = (user.fail_login_count or 0) - FREE_FAILURES if user else 0
        if failures > 0:
            time.sleep(min(2.0 ** (failures - 3), LONGEST_WAIT_SECONDS))
        return super().auth_user_db(username, password, rotate_session_id)

    def get_oauth_user_info(self, provider: str, resp: dict[str, Any]) -> dict[str, Any]:
        """Return a person's user name, names, email address and groups.

        `resp` is the provider's answer. Authlib has verified its ID token: the signature, issuer,
        audience, nonce and expiry. If the ID token lacks the groups, the provider's endpoint for
        claims (`userinfo_endpoint`) is asked. Airflow's own reading knows only a few providers by
        name. This one uses nothing but the standard (OpenID Connect Core 1.0, sections 5.1 to 5.3).

        Raises:
            AssuranceError: The provider does not say who the person is. Airflow logs the message
                and refuses the login.
        """
        claims = dict(resp.get("userinfo") or {})
        if _name(GROUPS_CLAIM) not in claims:
            further = self.oauth_remotes[provider].userinfo(token=resp)
            if further.get("sub") != claims.get("sub"):
                raise AssuranceError("The provider's two answers are about different people.")
            claims = {**further, **claims}
        return person(claims)


def person(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Flask-AppBuilder needs to know of a person, from the claims of the sign-on.

    `role_keys` has the person's groups. The mapping `AUTH_ROLES_MAPPING` turns them into roles.

    Raises:
        AssuranceError: The claim with the user name is missing or empty.
    """
    username = str(claims.get(_name(USERNAME_CLAIM)) or "").strip()
    if not username:
        raise AssuranceError(
            f"The sign-on gave no claim '{_name(USERNAME_CLAIM)}' (it gave "
            f"{', '.join(sorted(claims)) or 'none'}): set {USERNAME_CLAIM[0]}."
        )
    groups = claims.get(_name(GROUPS_CLAIM)) or []
    return {
        "username": username,
        "first_name": claims.get("given_name") or "",
        "last_name": claims.get("family_name") or "",
        "email": claims.get("email") or "",
        "role_keys": [groups] if isinstance(groups, str) else list(groups),
    }


def _name(claim: tuple[str, str]) -> str:
    variable, default = claim
    return os.environ.get(variable) or default
