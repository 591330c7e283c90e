"""Compare the hashed locks with a database of known vulnerabilities, using pip-audit.

    python deploy/audit_dependencies.py requirements.lock …

Exit code 0: no vulnerability is known. 1: vulnerabilities are known, and each is listed. 2: some or
all packages were not checked, for example because no database can be reached. pip-audit itself
exits with 1 if a vulnerability is known and also if no database can be reached.
"""

import json
import subprocess
import sys

KNOWN, NOT_CHECKED = 1, 2


def main(locks: list[str]) -> int:
    """Check the locks, print what was found, and return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += ["--progress-spinner", "off", "--format", "json", "--desc", "off"]
    for lock in locks:
        command += ["--requirement", lock]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        print(f"NOT CHECKED: no database of vulnerabilities can be reached from here: {lines[-1:]}")
        return NOT_CHECKED
    found = [(one, flaw) for one in dependencies for flaw in one.get("vulns", ())]
    skipped = [one for one in dependencies if "skip_reason" in one]
    for one, flaw in found:
        fixed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
        print(f"{one['name']} {one['version']}: {flaw['id']}, fixed in {fixed}")
    for one in skipped:
        print(f"{one['name']}: not checked: {one['skip_reason']}")
    print(
        f"{len(dependencies) - len(skipped)} packages checked, {len(found)} vulnerabilities known."
    )
    if skipped:
        return NOT_CHECKED
    return KNOWN if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
