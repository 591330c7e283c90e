"""The record of which keys each host has, so that a host with another key is found.

All hosts need the same keys. Most wrong secrets are refused where they are used: a login fails, an
archived file cannot be decrypted, and the key of the pseudonyms has a check value. The keys here
have none: a host with another key of erasures would land erased records again, a host with another
key of the log would write entries that nobody finds, and the exports of a host with another signing
key would be refused. So each host records a keyed hash of
them at the end of each stage, never a key itself, and `assurance doctor` compares the hosts.
"""

import hashlib
import hmac
from typing import Any

import psycopg

from oic_assurance.landing.erased_keys import layers_here
from oic_assurance.settings import Settings
from oic_assurance.warehouse.account import host_name
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import SECRET as LOG_KEY
from oic_assurance.warehouse.rows import named_rows
from oic_assurance.warehouse.secrets import find_secret
from oic_assurance.warehouse.signatures import SIGNING_KEY

ROLE = "oic_transform"


def marks_here(settings: Settings) -> dict[str, str]:
    """Return a keyed hash of each of the keys that this host has, by the name of the key.

    Raises:
        UsageError: A key is too easy to guess.
        ServerError: A key cannot be read, or others can read it.
    """
    names = (*layers_here(settings), LOG_KEY, SIGNING_KEY)
    found = {name: find_secret(settings, name) for name in names}
    return {name: _mark(key) for name, key in found.items() if key}


def record_marks(settings: Settings, warehouse: psycopg.Connection) -> None:
    """Record the keys of this host, in the transaction of `warehouse`.

    Rows that no stage has renewed for two days are deleted: the host is gone.
    """
    warehouse.execute("delete from audit.host_secret where seen_at < now() - interval '2 days'")
    with warehouse.cursor() as cursor:
        cursor.executemany(
            """
            insert into audit.host_secret (host, secret, mark) values (%s, %s, %s)
            on conflict (host, secret) do update
            set mark = excluded.mark, seen_at = clock_timestamp()
            """,
            [(host_name(settings), *one) for one in sorted(marks_here(settings).items())],
        )


def marks_of_hosts(settings: Settings) -> list[Any]:
    """Return the keys of all hosts that did a stage in the last two days, as keyed hashes."""
    with connect(settings, role=ROLE) as warehouse:
        return named_rows(
            warehouse,
            """
            select host, secret, mark, seen_at from audit.host_secret
            where seen_at >= now() - interval '2 days'
            order by host, secret
            """,
        )


def _mark(key: str) -> str:
    return hmac.new(key.encode(), b"key of a host", hashlib.sha256).hexdigest()[:16]
