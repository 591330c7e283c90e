"""Tell whether a part of Airflow is healthy: exit code 0 if it is, otherwise 1 and one line.

    python deploy/airflow/healthy.py HOST [scheduler | triggerer | dag_processor]

The api-server on HOST is asked, and its certificate must be valid for HOST. Without a part, the
question is whether the api-server answers tasks. Airflow loads what answers them at the first
request, which takes seconds, so a task should not be the first that asks. With a part, the question
is whether the part has lately reported to Airflow's database. Airflow's own command for that,
`airflow jobs check`, loads all of Airflow each time.

docker-compose.yml uses this script for its health checks, and to let a worker on another host wait
for the api-server.
"""

import json
import ssl
import sys
import urllib.request

AUTHORITY = "/etc/oic/tls/ca.crt"
TIMEOUT_SECONDS = 8


def main(host: str, part: str = "") -> int:
    """Ask the api-server on a host about itself or about a part, and return the exit code."""
    path = "api/v2/monitor/health" if part else "execution/health/ping"
    try:
        trusted = ssl.create_default_context(cafile=AUTHORITY)
        address = f"https://{host}:8080/{path}"
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS, context=trusted) as answer:
            found = json.load(answer)
    except (OSError, ValueError) as error:
        print(f"The api-server on {host} does not answer: {error}.", file=sys.stderr)
        return 1
    if part and found[part]["status"] != "healthy":
        print(f"Airflow's {part} has not reported lately: {found[part]}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
