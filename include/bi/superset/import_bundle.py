"""Import the dashboards into a deployment's Superset. It runs in Superset's own Python environment.

The variable BUNDLE of the environment is the file that `assurance superset --bundle` has written.
WAREHOUSE_URL is the libpq URI, with password, of the login with which the charts read the
warehouse. LOGIN is the administrator, to whom the dashboards will belong. An import replaces what
an earlier one created.
"""

import os
import zipfile
from urllib.parse import urlsplit

import yaml
from superset.app import create_app

DATABASE = "databases/warehouse.yaml"

with create_app().app_context():
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    address = urlsplit(os.environ["WAREHOUSE_URL"])
    place = address.netloc.rpartition("@")[2]
    hidden = address._replace(
        scheme="postgresql+psycopg2", netloc=f"{address.username}:XXXXXXXXXX@{place}"
    )
    with zipfile.ZipFile(os.environ["BUNDLE"]) as bundle:
        contents = {
            name.partition("/")[2]: bundle.read(name).decode("utf-8") for name in bundle.namelist()
        }
    database = yaml.safe_load(contents[DATABASE]) | {"sqlalchemy_uri": hidden.geturl()}
    contents[DATABASE] = yaml.safe_dump(database)
    with override_user(security_manager.find_user(username=os.environ["LOGIN"])):
        ImportAssetsCommand(contents, passwords={DATABASE: address.password or ""}).run()
