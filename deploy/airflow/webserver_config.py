"""How people log in to Airflow in a deployment. Flask-AppBuilder reads this file when it starts.

With `AIRFLOW_SIGN_ON=oauth`, people log in with the organisation's own accounts (OpenID Connect,
for example Microsoft Entra ID or Keycloak). Their groups determine their roles, and the groups are
read again at each login. With `AIRFLOW_SIGN_ON=database`, an administrator creates an account for
each person with `airflow users create`. The roles are in roles.json beside this file.
"""

import os
import time
from typing import Any

from airflow.providers.fab.auth_manager.security_manager.override import (
    FabAirflowSecurityManagerOverride,
)
from flask_appbuilder.const import AUTH_DB, AUTH_OAUTH

ROLES = {
    "AIRFLOW_GROUP_READERS": "Assurance reader",
    "AIRFLOW_GROUP_OPERATORS": "Assurance operator",
    "AIRFLOW_GROUP_APPROVERS": "Assurance approver",
    "AIRFLOW_GROUP_ADMINISTRATORS": "Admin",
}
SIGN_ON = os.environ.get("AIRFLOW_SIGN_ON") or "oauth"
#: How many wrong passwords cause no wait, and the longest wait that further ones cause.
FREE_FAILURES, LONGEST_WAIT_SECONDS = 2, 8.0


class SlowAfterFailures(FabAirflowSecurityManagerOverride):
    """Make login attempts wait longer and longer after wrong passwords for the account.

    The rate limit below protects only the login page. This class also protects the REST API's token
    endpoint. The first two wrong passwords cause no wait. After the third, an attempt waits for a
    quarter of a second. Each further wrong password doubles the wait, up to eight seconds. A
    successful login ends the waiting.
    """

    def auth_user_db(self, username: str, password: str, rotate_session_id: bool = True) -> Any:
        """Wait if necessary. Then return the account if the password is right, otherwise None."""
        user = self.find_user(username) if username else None
        failures = (user.fail_login_count or 0) - FREE_FAILURES if user else 0
        if failures > 0:
            time.sleep(min(2.0 ** (failures - 3), LONGEST_WAIT_SECONDS))
        return super().auth_user_db(username, password, rotate_session_id)


SECURITY_MANAGER_CLASS = SlowAfterFailures

WTF_CSRF_ENABLED = True
SESSION_COOKIE_SAMESITE = "Lax"
# After five attempts to log in within a minute, the server refuses further attempts for a while.
AUTH_RATE_LIMITED = True
RATELIMIT_ENABLED = True
AUTH_RATE_LIMIT = "5 per 60 second"

if SIGN_ON == "database":
    AUTH_TYPE = AUTH_DB
    # People cannot create an account for themselves.
    AUTH_USER_REGISTRATION = False
    FAB_PASSWORD_COMPLEXITY_ENABLED = True
elif SIGN_ON == "oauth":
    AUTH_TYPE = AUTH_OAUTH
    OAUTH_PROVIDERS = [
        {
            "name": os.environ.get("AIRFLOW_OAUTH_NAME") or "keycloak",
            "icon": "fa-key",
            "token_key": "access_token",
            "remote_app": {
                "client_id": os.environ["AIRFLOW_OAUTH_CLIENT_ID"],
                "client_secret": os.environ["AIRFLOW_OAUTH_CLIENT_SECRET"],
                "server_metadata_url": os.environ["AIRFLOW_OAUTH_METADATA_URL"],
                "api_base_url": os.environ.get("AIRFLOW_OAUTH_API_BASE_URL") or None,
                "client_kwargs": {"scope": "openid email profile"},
            },
        }
    ]
    # A person's first login creates the account. A person who is in none of the groups gets no role
    # with permissions and sees nothing.
    AUTH_USER_REGISTRATION = True
    AUTH_USER_REGISTRATION_ROLE = "Public"
    AUTH_ROLES_SYNC_AT_LOGIN = True
    AUTH_ROLES_MAPPING = {
        group: [role] for name, role in ROLES.items() if (group := os.environ.get(name))
    }
else:
    raise ValueError(f"AIRFLOW_SIGN_ON is {SIGN_ON!r}: set it to oauth or database.")
