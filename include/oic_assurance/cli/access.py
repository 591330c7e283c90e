"""`assurance access`: what readers may read, what persons may do, and pseudonyms of officers."""

import os

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import is_terminal, reason_for, reason_option, tell
from oic_assurance.cli.shown import shows
from oic_assurance.commands import ENTERED
from oic_assurance.operations import access as logins
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import variable_name
from oic_assurance.warehouse.connections import PERSON_CONNECTION
from oic_assurance.warehouse.roles import RIGHTS

unit_option = click.option(
    "--unit", "units", multiple=True, metavar="CODE", help="A unit. Repeat the option for each."
)
right_option = click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(RIGHTS, case_sensitive=False),
    metavar="RIGHT",
    help=f"A right of a person: {', '.join(RIGHTS)}. Repeat the option for each.",
)


@click.group(cls=Group)
def access() -> None:
    """Manage what supervisors, the office and persons may read and do, and replace pseudonyms.

    A supervisor reads the records of named organisational units. The Commissioner's office reads
    aggregates only. So does a person with a right, who signs off, approves or reviews.
    """


@access.command()
@click.argument("login")
@unit_option
@click.option("--office", is_flag=True, help="For the Commissioner's office: aggregates only.")
@right_option
@reason_for("Why does the access change?")
@shows
def give(
    settings: Settings,
    login: str,
    units: tuple[str, ...],
    office: bool,
    rights: tuple[str, ...],
    reason: str,
) -> Result:
    """Give LOGIN the right to read the records of units or aggregates only, or to act as a person.

    If the login does not exist, it is created, and its password is printed once.
    """
    if bool(units) + office + bool(rights) != 1:
        raise click.UsageError(
            "Give --unit, or --office for the Commissioner's office, or --right for a person"
        )
    password = logins.give(settings, login, units, reason, rights)
    readable = f"the records of {', '.join(units)}" if units else "aggregates"
    may = f" and has the right {', '.join(rights)}" if rights else ""
    said = [f"'{login}' reads {readable}{may}."]
    if password is not None:
        said.append(f"Its password, which is not stored anywhere: {password}")
    if rights:
        url = logins.person_url(settings, login, password)
        said.append("The person sets, for commands of their own:")
        said.append(f"{variable_name(PERSON_CONNECTION)}={url}")
        names = () if os.environ.get(ENTERED) else ("ASSURANCE_FORCE_CODE", "ASSURANCE_EVIDENCE")
        said += [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    return Result(said)


@access.command()
@click.argument("login")
@unit_option
@right_option
@reason_for("Why does the access change?")
@shows
def end(
    settings: Settings,
    login: str,
    units: tuple[str, ...],
    rights: tuple[str, ...],
    reason: str,
) -> Result:
    """Take units or rights away from LOGIN, or all access if none is named. The login itself stays.

    The change takes effect from the login's next statement.
    """
    left = logins.end(settings, login, units, reason, rights)
    lost = ", ".join([*units, *rights]) or "any access"
    still = " It still reads aggregates." if left is not None and left.is_office else ""
    return Result([f"'{login}' no longer has {lost}.{still}"])


@access.command("list")
@shows
def list_(settings: Settings) -> Result:
    """Show what each login may read, who last changed its rights, and why."""
    empty = "No login reads as a supervisor or as the Commissioner's office."
    return Result([Table("logins", (), logins.list_access(settings), empty=empty)])


@access.command()
@shows
def pseudonyms(settings: Settings) -> Result:
    """Show the version of the key of pseudonyms, how many there are, and each re-keying.

    The exit code is 1 if this deployment does not have the key of the current version, if a
    re-keying is unfinished, or if somebody has changed what the warehouse recorded about a finished
    re-keying.
    """
    from oic_assurance.operations.pseudonyms.status import read_status

    found = read_status(settings)
    key = columns(
        *("version", "made_at", "pseudonyms:number", "of_earlier_versions:number"),
        *("has_force=depend on the force", "key_is_right=the key is here", "is_well=all is well"),
    )
    said = []
    if found.key_is_right is False:
        said.append(f"This deployment has ANOTHER KEY than that of version {found.version}.")
    if found.key_is_right is None and found.pseudonyms:
        said.append("The key of the pseudonyms is MISSING in this deployment.")
    if any(one.evidence_holds is False for one in found.rekeys):
        said.append("The record of the tables' fingerprints was CHANGED since a re-keying.")
    is_due = found.of_earlier_versions or not found.has_force
    return Result(
        [Facts("key", key, found), Table("rekeys", (), found.rekeys, "Re-keyings"), *said],
        next="`assurance access rekey` gives all pseudonyms today's form." if is_due else "",
        exit_code=int(not found.is_well),
    )


@access.command()
@reason_option
@click.option("--run-was-killed", is_flag=True, help="Close the record of a run that was killed.")
@click.option("--yes", is_flag=True, help="Begin without asking for confirmation.")
@shows
def rekey(settings: Settings, reason: str | None, run_was_killed: bool, yes: bool) -> Result:
    """Replace all pseudonyms with those of a new key, or finish an interrupted re-keying.

    The new key is generated, unless ASSURANCE_PSEUDONYM_KEY gives one. The earlier key is removed.
    Figures do not change. No run can start until the re-keying has finished. Earlier back-ups
    contain the earlier pseudonyms, and perhaps their key.

    The exit code is 1 if readers keep a table locked, so that the next run must remove the last
    traces of the earlier pseudonyms.
    """
    from oic_assurance import pipeline
    from oic_assurance.operations.pseudonyms.clean import clean
    from oic_assurance.operations.pseudonyms.rekey import rekey as replace_all

    if reason is not None and not yes and is_terminal():
        click.confirm("Replace all pseudonyms? This cannot be undone", abort=True, err=True)
    done = replace_all(settings, reason, run_was_killed=run_was_killed, tell=tell)
    tell("Dead rows, samples and the write-ahead log are cleaned.")
    waits_for = clean(settings)
    pipeline.tell_what_is_current(settings)
    then = []
    if not done.is_generated:
        then.append("remove the earlier key from wherever you store it.")
    if waits_for is not None:
        then.append("the next run, or `assurance access rekey`, removes the last traces.")
    row = {**vars(done), "last_traces_wait_for": waits_for}
    return Result([Facts("rekey", (), row)], " ".join(then), exit_code=int(waits_for is not None))
