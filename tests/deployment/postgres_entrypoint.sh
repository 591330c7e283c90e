#!/bin/bash
# Does what the official PostgreSQL image does when it starts as the account `postgres`: on an empty volume it
# creates the cluster, and runs the scripts of /docker-entrypoint-initdb.d on a server that only this container
# reaches. Then it becomes the server.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?}"
    umask 0077
    printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
    initdb --pgdata "$PGDATA" --username postgres --pwfile /tmp/password >/dev/null
    rm /tmp/password
    # The image's default. Debian's is this machine only.
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl --pgdata "$PGDATA" --wait --silent --log /tmp/first \
        --options "$(printf '%q ' "${@:2}") -c listen_addresses=''" start
    for script in /docker-entrypoint-initdb.d/*.sh; do
        bash "$script"
    done
    pg_ctl --pgdata "$PGDATA" --mode fast --wait --silent stop
fi
exec "$@"
