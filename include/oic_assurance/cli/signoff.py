"""`assurance signoff`: close a point or a recommendation step by step, and reopen it."""

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, required_reason, show
from oic_assurance.operations.sign_off.daily import check_evidence
from oic_assurance.operations.sign_off.entries import broken_entries, read_subjects
from oic_assurance.operations.sign_off.steps import make_step, reopen_by_decision
from oic_assurance.reporting.screens.sign_off import (
    CheckedSignOffs,
    SignOffs,
    check_screen,
    entry_screen,
    list_screen,
    subject_screen,
)
from oic_assurance.settings import SIGN_OFF_ROLES, load_settings
from oic_assurance.warehouse.connections import acting_account

SIGNATURES = ("FORCE", "COMMISSIONER", "INSPECTORATE")

code_argument = click.argument("code", metavar="CODE")
publication_option = click.option(
    "--publication",
    "publication_id",
    type=ID,
    metavar="ID",
    show_default="the current publication",
    help="The publication that was looked at. It must still be the current one.",
)


@click.group(cls=Group)
def signoff() -> None:
    """Close assurance points and recommendations step by step, and show how far each one is.

    CODE is the code of a point, such as HYDRA, or of a recommendation, such as TRACKED_A.
    """


@signoff.command()
@code_argument
@click.option(
    "--steps", metavar="TEXT", help="What was agreed: the steps, who answers for them, and by when."
)
@publication_option
@json_option
def agree(code: str, steps: str | None, publication_id: int | None, as_json: bool) -> None:
    """Record that the steps to close CODE are agreed.

    This is the first step of a closure.
    """
    words = required_reason(steps, "What was agreed?")
    _step(code, "STEPS_AGREED", words, publication_id, as_json=as_json)


@signoff.command()
@code_argument
@click.option(
    "--file",
    "place",
    required=True,
    metavar="PLACE",
    help="An fsspec URL, or a path below the folder that ASSURANCE_EVIDENCE names.",
)
@click.option("--because", metavar="TEXT", help="What the file shows.")
@publication_option
@json_option
def evidence(
    code: str, place: str, because: str | None, publication_id: int | None, as_json: bool
) -> None:
    """Record the evidence for CODE, which is a file.

    This is the second step of a closure. The file is hashed. It is neither copied nor moved.
    """
    words = required_reason(because, "What does the file show?")
    _step(code, "EVIDENCE", words, publication_id, as_json=as_json, place=place)


@signoff.command()
@code_argument
@click.option(
    "--as",
    "party",
    required=True,
    type=click.Choice(SIGNATURES, case_sensitive=False),
    help="The party that signs. The force signs first, then the Commissioner.",
)
@click.option("--because", metavar="TEXT", help="Why it can be closed.")
@publication_option
@json_option
def sign(
    code: str, party: str, because: str | None, publication_id: int | None, as_json: bool
) -> None:
    """Sign for a party that CODE can be closed. The Commissioner's signature closes it.

    The evidence is read and hashed again. Each party must sign with an account of its own. The
    account that has recorded the agreement on the steps cannot sign.
    """
    words = required_reason(because, "Why can it be closed?")
    _step(code, party.upper(), words, publication_id, as_json=as_json)


@signoff.command()
@code_argument
@click.option(
    "--as",
    "role",
    required=True,
    type=click.Choice(SIGN_OFF_ROLES, case_sensitive=False),
    help="The role of the person who decides.",
)
@click.option("--because", metavar="TEXT", help="Why it is reopened.")
@json_option
def reopen(code: str, role: str, because: str | None, as_json: bool) -> None:
    """Reopen CODE by the decision of a person.

    This command is not needed if the evidence has changed, the status of a point has got worse, or
    its figure was restated by more than its interval. The daily run reopens such a closure itself.
    """
    words = required_reason(because, "Why is it reopened?")
    entry = reopen_by_decision(
        load_settings(),
        code,
        role=role.upper(),
        account=acting_account(),
        through="command line",
        because=words,
    )
    show(entry, entry_screen, as_json=as_json)


@signoff.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all points and recommendations: how far each is, and what comes next."""
    subjects = read_subjects(load_settings(), None, "assurance signoff list")
    show(SignOffs(subjects), list_screen, as_json=as_json)


@signoff.command("show")
@code_argument
@json_option
def show_(code: str, as_json: bool) -> None:
    """Show every entry about CODE, with who made it. This consultation is logged."""
    (subject,) = read_subjects(load_settings(), code, f"assurance signoff show {code}")
    show(subject, subject_screen, as_json=as_json)


@signoff.command()
@json_option
def check(as_json: bool) -> int:
    """Read and hash the evidence in force now, and check that no entry was changed.

    If a file of evidence has changed, its closure is reopened. The exit code is 0 if all evidence
    is unchanged and no entry was changed, otherwise 1.
    """
    settings = load_settings()
    checked = CheckedSignOffs(check_evidence(settings), broken_entries(settings))
    show(checked, check_screen, as_json=as_json)
    return 0 if checked.is_sound else 1


def _step(
    code: str,
    step: str,
    because: str,
    publication_id: int | None,
    *,
    as_json: bool,
    place: str | None = None,
) -> None:
    entry = make_step(
        load_settings(),
        code,
        step,
        account=acting_account(),
        through="command line",
        because=because,
        publication_id=publication_id,
        evidence=place,
    )
    show(entry, entry_screen, as_json=as_json)
