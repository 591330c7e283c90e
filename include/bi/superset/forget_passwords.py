"""Remove stored passwords if SUPERSET_SECRET_KEY was changed. It runs in Superset's environment.

With another key, no stored password can be decrypted, and Superset's own commands fail as soon as
they read a database that has one. The import of the dashboards stores the warehouse's again.
Superset 6.1 has a command that encrypts them again (`re-encrypt-secrets`), but it finds none.
"""

import sqlalchemy
from superset.app import create_app

with create_app().app_context():
    from superset import db
    from superset.models.core import Database

    try:
        db.session.query(Database).all()
    except ValueError:
        db.session.rollback()
        db.session.execute(
            sqlalchemy.text(
                "update dbs set password = null, encrypted_extra = null, server_cert = null"
            )
        )
        db.session.commit()
