"""Create Superset's administrator. This program runs in Superset's own Python environment.

Superset's command expects the password as an argument, and every user of the machine can read the
arguments of a running command. So this program reads the password from an environment variable. If
the administrator exists already, the program only sets the password.
"""

import os

from superset.app import create_app

with create_app().app_context():
    from superset import security_manager

    name, password = os.environ["LOGIN"], os.environ["PASSWORD"]
    user = security_manager.find_user(username=name)
    if user is None:
        user = security_manager.add_user(
            name, "OIC", "Assurance", f"{name}@localhost", security_manager.find_role("Admin")
        )
    security_manager.reset_password(user.id, password)
