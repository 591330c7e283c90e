#!/bin/sh
# The image's entrypoint. A command of Airflow needs no `airflow` in front. Airflow's Helm chart and its
# KubernetesExecutor give whole command lines (`bash -c …`, `airflow db check-migrations`, `python -m …`), and the
# chart's probes call this file as /entrypoint.
set -eu
case "${1:-}" in
    airflow | assurance | bash | python | sh) exec "$@" ;;
    *) exec airflow "$@" ;;
esac
