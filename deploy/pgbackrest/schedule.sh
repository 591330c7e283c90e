#!/bin/sh
# Makes a back-up of the PostgreSQL server at once, and then every night at 01:00: a full one on Sundays, and on
# the other days an incremental one. If a back-up fails, the script ends, and the container is started again.
set -eu
umask 077

pgbackrest --stanza=oic stanza-create
while :; do
    type=incr
    if [ "$(date +%u)" = 7 ]; then type=full; fi
    pgbackrest --stanza=oic --type="$type" backup
    touch /tmp/made
    sleep "$(($(date -d 'tomorrow 01:00' +%s) - $(date +%s)))"
done
