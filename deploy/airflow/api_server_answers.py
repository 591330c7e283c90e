"""Tell whether Airflow's api-server answers tasks: exit code 0 if it does, otherwise 1 and a line.

    python deploy/airflow/api_server_answers.py HOST

It asks the part of the api-server to which tasks report. Airflow loads that part at the first
request, which takes seconds, so a task should not be the first that asks.
The server's certificate must be valid for HOST. docker-compose.yml uses this script as a health
check, and to let a worker on another host wait for the api-server.
"""

import ssl
import sys
import urllib.request

AUTHORITY = "/etc/oic/tls/ca.crt"
TIMEOUT_SECONDS = 5


def main(host: str) -> int:
    """Ask the api-server on a host how it is, and return the exit code."""
    try:
        trusted = ssl.create_default_context(cafile=AUTHORITY)
        address = f"https://{host}:8080/execution/health/ping"
        urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS, context=trusted).close()
    except OSError as error:
        print(f"The api-server on {host} does not answer: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
