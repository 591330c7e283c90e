"""`assurance signoff`: close a point or a recommendation step by step, and reopen it."""

from collections.abc import Sequence

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID, reason_option, required_reason
from oic_assurance.cli.shown import shows
from oic_assurance.formats import interval, share
from oic_assurance.operations.sign_off.daily import check_evidence
from oic_assurance.operations.sign_off.entries import (
    WORDS,
    Entry,
    broken_entries,
    read_subjects,
)
from oic_assurance.operations.sign_off.steps import make_step, reopen_by_decision
from oic_assurance.settings import SIGN_OFF_ROLES, load_settings
from oic_assurance.state.apply import problem_kinds
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
@shows
def agree(code: str, steps: str | None, publication_id: int | None) -> Result:
    """Record that the steps to close CODE are agreed.

    This is the first step of a closure.
    """
    words = required_reason(steps, "What was agreed?")
    return _step(code, "STEPS_AGREED", words, publication_id)


@signoff.command()
@code_argument
@click.option(
    "--file",
    "place",
    required=True,
    metavar="PLACE",
    help="An fsspec URL, or a path below the folder that ASSURANCE_EVIDENCE names.",
)
@click.option("--reason", metavar="TEXT", help="What the file shows.")
@publication_option
@shows
def evidence(code: str, place: str, reason: str | None, publication_id: int | None) -> Result:
    """Record the evidence for CODE, which is a file.

    This is the second step of a closure. The file is hashed. It is neither copied nor moved.
    """
    words = required_reason(reason, "What does the file show?")
    return _step(code, "EVIDENCE", words, publication_id, place)


@signoff.command()
@code_argument
@click.option(
    "--as",
    "party",
    required=True,
    type=click.Choice(SIGNATURES, case_sensitive=False),
    help="The party that signs. The force signs first, then the Commissioner.",
)
@reason_option
@publication_option
@shows
def sign(code: str, party: str, reason: str | None, publication_id: int | None) -> Result:
    """Sign for a party that CODE can be closed. The Commissioner's signature closes it.

    The evidence is read and hashed again. Each party must sign with an account of its own. The
    account that has recorded the agreement on the steps cannot sign.
    """
    words = required_reason(reason, "Why can it be closed?")
    return _step(code, party.upper(), words, publication_id)


@signoff.command()
@code_argument
@click.option(
    "--as",
    "role",
    required=True,
    type=click.Choice(SIGN_OFF_ROLES, case_sensitive=False),
    help="The role of the person who decides.",
)
@reason_option
@shows
def reopen(code: str, role: str, reason: str | None) -> Result:
    """Reopen CODE by the decision of a person.

    This command is not needed if the evidence has changed, the status of a point has got worse, or
    its figure was restated by more than its interval. The daily run reopens such a closure itself.
    """
    entry = reopen_by_decision(
        load_settings(),
        code,
        role=role.upper(),
        account=acting_account(),
        through="command line",
        because=required_reason(reason, "Why is it reopened?"),
    )
    return Result([_entries([entry])])


@signoff.command("list")
@shows
def list_() -> Result:
    """List all points and recommendations: how far each is, and what comes next."""
    rows = [
        {
            **vars(one),
            "state": one.state,
            "next_step": one.next_step,
            "made_on": one.in_force[-1].made_on if one.in_force else None,
            "evidence_state": one.evidence and (one.evidence.evidence_state or "not checked yet"),
            "rests_on": one.rests_on,
        }
        for one in read_subjects(load_settings(), None, "assurance signoff list")
    ]
    what = columns(
        *("recommendation_code=code", "state", "next_step=next step", "made_on=made on"),
        *("evidence_state=evidence", "rests_on=rests on", "-title", "-point_code", "-entries"),
    )
    return Result([Table("subjects", what, rows)])


@signoff.command("show")
@code_argument
@shows
def show_(code: str) -> Result:
    """Show every entry about CODE, with who made it. This consultation is logged."""
    (subject,) = read_subjects(load_settings(), code, f"assurance signoff show {code}")
    what = columns(
        *("recommendation_code=code", "-point_code", "title", "state", "next_step=next step"),
        "rests_on=a closure rests on",
    )
    return Result([Facts("recommendation", what, subject), _entries(subject.entries)])


@signoff.command()
@shows
def check() -> Result:
    """Read and hash the evidence in force now, and check that no entry was changed.

    If a file of evidence has changed, its closure is reopened. The exit code is 0 if all evidence
    is unchanged and no entry was changed, otherwise 1.
    """
    settings = load_settings()
    checked, broken = check_evidence(settings), broken_entries(settings)
    evidence = Table(
        "evidence",
        columns(
            *("recommendation_code=code", "-entry_id", "outcome:state=evidence"),
            *("is_reopened:yes=reopened", "why"),
        ),
        checked,
        empty="No evidence is in force.",
    )
    is_sound = not broken and all(one.outcome == "unchanged" for one in checked)
    sound = columns("is_sound:yes=all is sound", "broken_entries=entries that were changed")
    return Result(
        [
            evidence,
            Facts("check", sound, {"is_sound": is_sound, "broken_entries": broken}),
            *(["The last entries are missing."] if 0 in broken else []),
        ],
        next="call data engineering: somebody changed the entries." if broken else "",
        exit_code=int(not is_sound),
    )


def _step(
    code: str, step: str, because: str, publication_id: int | None, place: str | None = None
) -> Result:
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
    return Result([_entries([entry])])


def _entries(found: Sequence[Entry]) -> Table:
    rows = [
        {
            **vars(one),
            "what": WORDS[one.step],
            "why": problem_kinds()["reopened"]["causes"].get(one.cause),
            "figure": one.value
            and f"{share(one.value)} ({one.numerator} of {one.denominator}, "
            f"{interval(one.ci_low, one.ci_high)})",
        }
        for one in found
    ]
    what = columns(
        *("entry_id=entry", "what", "entered_at:moment=entered", "account=by", "by_role=as"),
        *(">because", ">through=through", ">why=cause:", ">made_on=on publication"),
        *(
            ">status=status",
            ">figure=figure",
            ">evidence_place=evidence",
            ">evidence_bytes:number=bytes",
        ),
        *(">evidence_sha256=SHA-256", ">evidence_state=found", "-recommendation_code"),
        *(">evidence_checked_at:moment=checked", "-force_code", "-point_code", "-round", "-step"),
        *("-login", "-claimed_by", "-cause", "-as_at", "-content_fingerprint", "-numerator"),
        *("-denominator", "-value", "-ci_low", "-ci_high", "-entry_hash"),
    )
    return Table("entries", what, rows)
