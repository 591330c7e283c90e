"""How people log in to Airflow in a deployment. Flask-AppBuilder reads this file when it starts.

With `AIRFLOW_SIGN_ON=oauth`, people log in with the organisation's own accounts (OpenID Connect,
for example Microsoft Entra ID or Keycloak). Their groups determine their roles, and the groups are
read again at each login. With `AIRFLOW_SIGN_ON=database`, an administrator creates an account for
each person with `airflow users create`. The roles are in
`include/oic_assurance/platform/airflow/roles.py`.
"""

import os

from flask_appbuilder.const import AUTH_DB, AUTH_OAUTH

from oic_assurance.platform.airflow.accounts import Accounts

ROLE_OF_GROUP = {
    "AIRFLOW_GROUP_READERS": "Assurance reader",
    "AIRFLOW_GROUP_OPERATORS": "Assurance operator",
    "AIRFLOW_GROUP_APPROVERS": "Assurance approver",
    "AIRFLOW_GROUP_ADMINISTRATORS": "Admin",
}
SIGN_ON = os.environ.get("AIRFLOW_SIGN_ON") or "oauth"

SECURITY_MANAGER_CLASS = Accounts

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
            # Part of the redirect address, and the word on the login page.
            "name": os.environ.get("AIRFLOW_OAUTH_NAME") or "sso",
            "icon": "fa-key",
            "token_key": "access_token",
            "remote_app": {
                "client_id": os.environ["AIRFLOW_OAUTH_CLIENT_ID"],
                "client_secret": os.environ["AIRFLOW_OAUTH_CLIENT_SECRET"],
                "server_metadata_url": os.environ["AIRFLOW_OAUTH_METADATA_URL"],
                "client_kwargs": {
                    "scope": os.environ.get("AIRFLOW_OAUTH_SCOPE") or "openid email profile",
                    "code_challenge_method": "S256",
                },
            },
        }
    ]
    # A person's first login creates the account. A person who is in none of the groups gets no role
    # with permissions and sees nothing.
    AUTH_USER_REGISTRATION = True
    AUTH_USER_REGISTRATION_ROLE = "Public"
    AUTH_ROLES_SYNC_AT_LOGIN = True
    AUTH_ROLES_MAPPING = {
        group: [role] for name, role in ROLE_OF_GROUP.items() if (group := os.environ.get(name))
    }
else:
    raise ValueError(f"AIRFLOW_SIGN_ON is {SIGN_ON!r}: set it to oauth or database.")
