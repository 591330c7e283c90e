#!/bin/sh
# Restores the last physical back-up to a scratch place when the DAG assurance_drill asks for it. The DAG's worker
# has neither the repository nor its passphrase. It shares one folder with this script, and nothing else:
#   wanted     a word that the worker chooses. Without this file, nothing is restored. When the worker removes it,
#              the server here is stopped and everything that was restored is erased.
#   answer     five lines: the same word; `begun`, `restored` or `failed`; the SHA-256 and the name of the back-up;
#              what pgBackRest knows about all back-ups; and after a failure a sixth one, which says why
#   a socket   of the server with the restored database. The logins and their passwords are those of the warehouse.
set -u
umask 077
place="${DRILL_PLACE:-/mnt/drill}"
scratch="${DRILL_SCRATCH:-/var/lib/postgresql/scratch}"
# If the worker is gone, what was restored is erased after so many minutes.
minutes="${DRILL_MINUTES:-180}"
output="$(mktemp -d)"

wanted() {
    find "$place/wanted" -mmin "-$minutes" -exec cat {} \; 2>/dev/null
}

# The worker, which is another user, reads the answer. It never sees half of one.
answer() {
    rm -f "$place/answer.new"
    printf '%s\n' "$@" >"$place/answer.new"
    chmod 0644 "$place/answer.new"
    mv "$place/answer.new" "$place/answer"
}

run() {
    "$@" >"$output/log" 2>&1 && return
    cat "$output/log" >&2
    false
}

stop() {
    pg_ctl -D "$scratch" -m immediate stop >/dev/null 2>&1
    erase
}

erase() {
    find "$scratch" -mindepth 1 -delete
    rm -f "$place/answer"
}

# A server that only answers at the socket, and does not write to the repository. It takes no superuser.
restore() {
    run pgbackrest --stanza=oic --pg1-path="$scratch" --set="$1" --archive-mode=off restore || return
    printf 'local all postgres reject\nlocal all all scram-sha-256\n' >"$scratch/drill_hba.conf"
    options="-c hba_file=$scratch/drill_hba.conf -c listen_addresses='' -c port=5432"
    options="$options -c unix_socket_directories=$place -c unix_socket_permissions=0777"
    # What is erased in an hour need not survive a crash. During recovery, nobody is served.
    options="$options -c hot_standby=off -c fsync=off -c archive_mode=off -c ssl=off"
    run pg_ctl -D "$scratch" -w -t 7200 -l "$output/server" -o "$options" start || return
    # The server has started, and now reads the changes since the back-up, to the last one.
    until pg_isready --quiet --host "$place" --port 5432; do
        if ! run pg_ctl -D "$scratch" status; then
            tail -n 20 "$output/server" >&2
            tail -n 1 "$output/server" >"$output/log"
            return 1
        fi
        sleep 1
    done
}

serve() {
    answer "$1" begun
    # The last back-up, and the SHA-256 of its manifest, by which it is known.
    info="$(pgbackrest --stanza=oic --output=json info 2>"$output/log")"
    label="$(printf '%s' "$info" | grep -o '"label":"[^"]*"' | tail -n 1 | cut -d '"' -f 4)"
    manifest="backup/oic/$label/backup.manifest"
    if [ -z "$label" ] || ! pgbackrest --stanza=oic repo-get "$manifest" >"$output/manifest" 2>"$output/log"; then
        cat "$output/log" >&2
        answer "$1" failed "" "" "" "$(tail -n 1 "$output/log")"
    else
        sha256="$(sha256sum <"$output/manifest" | cut -d ' ' -f 1)"
        if restore "$label"; then
            answer "$1" restored "$sha256" "$label" "$info"
        else
            answer "$1" failed "$sha256" "$label" "$info" "$(tail -n 1 "$output/log")"
        fi
    fi
    while [ "$(wanted)" = "$1" ]; do sleep 1; done
    stop
}

trap 'exit 0' INT TERM
trap 'stop; rm -rf "$output"' EXIT
erase
while :; do
    word="$(wanted)"
    if [ -n "$word" ]; then serve "$word"; fi
    sleep 2
done
