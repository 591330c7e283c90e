"""Run datacontract-cli on contracts. It has its own environment, so this file runs in that one.

Standard input is a JSON list of jobs, each with the text of a contract. With `login`, the contract
is tested on a database. Without, it is only checked against the standard. Standard output is a JSON
list with the checks of each job. A check is a list of its result, name, field and reason.
"""

import json
import sys
from typing import Any

from datacontract.data_contract import DataContract


def checks(job: dict[str, Any]) -> list[list[str | None]]:
    """Return the checks that were made for a job."""
    contract = DataContract(data_contract_str=job["contract"], config=job.get("login"))
    run = contract.test() if "login" in job else contract.lint()
    return [[check.result.value, check.name, check.field, check.reason] for check in run.checks]


if __name__ == "__main__":
    found = [checks(job) for job in json.load(sys.stdin)]
    json.dump(found, sys.stdout)
