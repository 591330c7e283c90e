"""Run an S3 server whose clock can be set: `python s3_server.py PORT FILE`.

While the file exists, what is uploaded gets the time in it, in seconds since 1970. So a file that a
source of a made-up force dropped in spring does not become one of today by its upload.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from moto.s3 import models
from moto.server import main

PORT, CLOCK = sys.argv[1], Path(sys.argv[2])


def now() -> datetime:
    try:
        moment = datetime.fromtimestamp(float(CLOCK.read_text()), UTC)
    except FileNotFoundError:
        moment = datetime.now(UTC)
    return moment.replace(tzinfo=None)


setattr(models, "utcnow", now)  # noqa: B010 - mypy does not know that the module has it
main(["-p", PORT])
