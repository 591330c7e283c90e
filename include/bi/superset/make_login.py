"""Create the administrator of Superset. This program runs in Superset's environment.

Superset's own command takes the password as an argument, which every user of the machine can read.
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
