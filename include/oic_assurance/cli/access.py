"""`assurance access`: what readers may read, what persons may do, and pseudonyms of officers."""

import os

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import is_terminal, reason_option, required_reason, tell
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count
from oic_assurance.operations import access as logins
from oic_assurance.settings import ENTERED, load_settings
from oic_assurance.warehouse.airflow_uri import variable_name
from oic_assurance.warehouse.connections import PERSON_CONNECTION
from oic_assurance.warehouse.roles import RIGHTS

#: The settings of the deployment that a person's commands need as well.
OF_A_PERSON = ("ASSURANCE_FORCE_CODE", "ASSURANCE_EVIDENCE")


@click.group(cls=Group)
def access() -> None:
    """Manage what supervisors, the office and persons may read and do, and replace pseudonyms.

    A supervisor reads the records of named organisational units. The Commissioner's office reads
    aggregates only. So does a person with a right, who signs off, approves or reviews.
    """


right_option = click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(RIGHTS, case_sensitive=False),
    metavar="RIGHT",
    help=f"A right of a person: {', '.join(RIGHTS)}. Repeat the option for each.",
)


@access.command()
@click.argument("login")
@click.option(
    "--unit", "units", multiple=True, metavar="CODE", help="A unit. Repeat the option for each."
)
@click.option("--office", is_flag=True, help="For the Commissioner's office: aggregates only.")
@right_option
@reason_option
@shows
def give(
    login: str, units: tuple[str, ...], office: bool, rights: tuple[str, ...], reason: str | None
) -> Result:
    """Give LOGIN the right to read the records of units or aggregates only, or to act as a person.

    If the login does not exist, it is created, and its password is printed once.
    """
    if bool(units) + office + bool(rights) != 1:
        raise click.UsageError(
            "Give --unit, or --office for the Commissioner's office, or --right for a person"
        )
    settings = load_settings()
    wanted = [right.upper() for right in rights]
    password = logins.give(settings, login, units, _reason(reason), wanted)
    readable = f"the records of {', '.join(units)}" if units else "aggregates"
    may = f" and has the right {', '.join(wanted)}" if wanted else ""
    said = [f"'{login}' reads {readable}{may}."]
    if password is not None:
        said.append(f"Its password, which is not stored anywhere: {password}")
    if wanted:
        url = logins.person_url(settings, login, password)
        said.append("The person sets, for commands of their own:")
        said.append(f"{variable_name(PERSON_CONNECTION)}={url}")
        names = () if os.environ.get(ENTERED) else OF_A_PERSON
        said += [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    return Result(said)


@access.command()
@click.argument("login")
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="CODE",
    help="End access to this unit only. Repeat the option for each unit. Without it, all access "
    "ends.",
)
@right_option
@reason_option
@shows
def end(login: str, units: tuple[str, ...], rights: tuple[str, ...], reason: str | None) -> Result:
    """Take the right to read or to act away from LOGIN. The login itself stays.

    The change takes effect from the login's next statement.
    """
    lost = [right.upper() for right in rights]
    logins.end(load_settings(), login, units, _reason(reason), lost)
    ended = f"the records of {', '.join(units)}" if units else "anything"
    words = f"has the right {', '.join(lost)}" if lost else f"reads {ended}"
    return Result([f"'{login}' no longer {words}."])


@access.command("list")
@shows
def list_() -> Result:
    """Show what each login may read, who last changed its rights, and why."""
    settings = load_settings()
    rows = []
    for one in logins.list_access(settings):
        changed_by, because = logins.last_change(settings, one.login) or (None, None)
        rows.append({**vars(one), "changed_by": changed_by, "because": because})
    table = Table(
        "logins",
        columns(
            *("login", "units", "is_office:yes=aggregates", "rights", "-is_supervisor"),
            *(">changed_by=changed by", ">because=because"),
        ),
        rows,
        empty="No login reads as a supervisor or as the Commissioner's office.",
    )
    return Result([table])


@access.command()
@shows
def pseudonyms() -> Result:
    """Show the version of the key of pseudonyms, how many there are, and each re-keying.

    The exit code is 1 if this deployment does not have the key of the current version, if a
    re-keying is unfinished, or if somebody has changed what the warehouse recorded about a finished
    re-keying.
    """
    from oic_assurance.operations.pseudonyms.status import read_status

    found = read_status(load_settings())
    said = []
    if found.key_is_right is False:
        said.append(f"This deployment has ANOTHER KEY than that of version {found.version}.")
    if found.key_is_right is None and found.pseudonyms:
        said.append("The key of the pseudonyms is MISSING in this deployment.")
    if found.of_earlier_versions:
        earlier = count(found.of_earlier_versions, "pseudonym")
        said.append(f"{earlier} of an earlier version: `assurance access rekey` finishes.")
    if not found.has_force:
        said.append(
            "The pseudonyms do not depend on the force yet: `assurance access rekey` changes that."
        )
    for one in found.rekeys:
        if one.evidence_holds is False:
            said.append(
                f"Version {one.to_version}: the record of the tables' fingerprints was CHANGED "
                "since."
            )
        if one.left_in:
            said.append(f"Version {one.to_version}: {_left(one.left_in)}")
    key = columns(
        *("version=key version", "made_at:moment=made", "pseudonyms:number"),
        *("of_earlier_versions:number=of earlier versions", "has_force:yes=depend on the force"),
        *("key_is_right:yes=the key is here", "is_well:yes=all is well"),
    )
    rekeys = columns(
        *("rekey_id=re-keying", "started_at:moment=began", "from_version:number=from"),
        *("to_version:number=to", "pseudonyms:number", "finished_at:moment=finished"),
        *(">because", ">cleaned_at:moment=traces removed", ">who=by", "-left_in"),
        "-evidence_holds",
    )
    return Result(
        [Facts("key", key, found), Table("rekeys", rekeys, found.rekeys, "Re-keyings"), *said],
        exit_code=int(not found.is_well),
    )


@access.command()
@reason_option
@click.option(
    "--run-was-killed",
    is_flag=True,
    help="Close the record of a run that was killed and is still recorded as running.",
)
@click.option("--yes", is_flag=True, help="Begin without asking for confirmation.")
@shows
def rekey(reason: str | None, run_was_killed: bool, yes: bool) -> Result:
    """Replace all pseudonyms with those of a new key, or finish an interrupted re-keying.

    The new key is generated, unless ASSURANCE_PSEUDONYM_KEY gives one. The earlier key is removed.
    Figures do not change. No run can start until the re-keying has finished.

    The exit code is 1 if readers keep a table locked, so that the next run must remove the last
    traces of the earlier pseudonyms.
    """
    from oic_assurance import pipeline
    from oic_assurance.operations.pseudonyms.clean import clean
    from oic_assurance.operations.pseudonyms.rekey import rekey as replace_all

    if reason is not None and not yes and is_terminal():
        click.confirm("Replace all pseudonyms? This cannot be undone", abort=True, err=True)
    settings = load_settings()
    done = replace_all(settings, reason, run_was_killed=run_was_killed, tell=tell)
    tell("Dead rows, samples and the write-ahead log are cleaned.")
    waits_for = clean(settings)
    pipeline.tell_what_is_current(settings)
    said = [
        f"{count(done.pseudonyms, 'pseudonym')} of key version {done.from_version} were replaced "
        f"with those of version {done.to_version}."
    ]
    if done.without_number:
        erased = count(done.without_number, "pseudonym")
        said.append(f"{erased} of erased numbers got a random one.")
    if done.is_generated:
        said.append("The new key is in the state folder, and the earlier one is removed.")
    else:
        said.append(
            "The environment has the new key. Remove the earlier key from wherever you store it."
        )
    said.append("Earlier back-ups contain the earlier pseudonyms, and perhaps their key.")
    if done.left_in:
        said.append(_left(done.left_in))
    if waits_for is not None:
        said.append(
            f"The last traces wait for {waits_for}. The next run, or `assurance access rekey`, "
            "removes them."
        )
    return Result(said, exit_code=int(waits_for is not None))


def _left(tables: list[str]) -> str:
    return (
        "Tables that may not be changed still name an officer by an earlier pseudonym: "
        f"{', '.join(tables)}."
    )


def _reason(given: str | None) -> str:
    """Return the reason for a change of access.

    Raises:
        click.UsageError: There is none.
    """
    reason = required_reason(given, "Why does the access change?").strip()
    if not reason:
        raise click.UsageError("The reason is missing or blank: give one with --reason")
    return reason
