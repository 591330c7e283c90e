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
    STEPS,
    WORDS,
    Entry,
    broken_entries,
    read_subjects,
)
from oic_assurance.operations.sign_off.steps import make_step, reopen_by_decision
from oic_assurance.settings import SIGN_OFF_ROLES, Settings
from oic_assurance.state.apply import problem_kinds
from oic_assurance.warehouse.connections import acting_account

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
@click.option("--steps", help="What was agreed: the steps, who answers for them, and by when.")
@publication_option
@shows
def agree(settings: Settings, code: str, steps: str | None, publication_id: int | None) -> Result:
    """Record that the steps to close CODE are agreed.

    This is the first step of a closure.
    """
    return _step(settings, code, "STEPS_AGREED", steps, "What was agreed?", publication_id)


@signoff.command()
@code_argument
@click.option(
    "--file",
    "place",
    required=True,
    metavar="PLACE",
    help="An fsspec URL, or a path below the folder that ASSURANCE_EVIDENCE names.",
)
@click.option("--reason", help="What the file shows.")
@publication_option
@shows
def evidence(
    settings: Settings, code: str, place: str, reason: str | None, publication_id: int | None
) -> Result:
    """Record the evidence for CODE, which is a file.

    This is the second step of a closure. The file is hashed. It is neither copied nor moved.
    """
    question = "What does the file show?"
    return _step(settings, code, "EVIDENCE", reason, question, publication_id, place)


@signoff.command()
@code_argument
@click.option(
    "--as",
    "party",
    required=True,
    type=click.Choice(STEPS[2:], case_sensitive=False),
    help="The party that signs. The force signs first, then the Commissioner.",
)
@reason_option
@publication_option
@shows
def sign(
    settings: Settings, code: str, party: str, reason: str | None, publication_id: int | None
) -> Result:
    """Sign for a party that CODE can be closed. The Commissioner's signature closes it.

    The evidence is read and hashed again. Each party must sign with an account of its own. The
    account that has recorded the agreement on the steps cannot sign.
    """
    return _step(settings, code, party, reason, "Why can it be closed?", publication_id)


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
def reopen(settings: Settings, code: str, role: str, reason: str | None) -> Result:
    """Reopen CODE by the decision of a person.

    This command is not needed if the evidence has changed, the status of a point has got worse, or
    its figure was restated by more than its interval. The daily run reopens such a closure itself.
    """
    entry = reopen_by_decision(
        settings,
        code,
        role=role,
        account=acting_account(),
        through="command line",
        because=required_reason(reason, "Why is it reopened?"),
    )
    return Result([_entries([entry])])


@signoff.command("list")
@shows
def list_(settings: Settings) -> Result:
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
        for one in read_subjects(settings, None, "assurance signoff list")
    ]
    what = columns(
        *("recommendation_code=code", "state", "next_step", "made_on=made on publication"),
        *("evidence_state=evidence", "rests_on", "-title", "-point_code", "-entries"),
    )
    return Result([Table("subjects", what, rows)])


@signoff.command("show")
@code_argument
@shows
def show_(settings: Settings, code: str) -> Result:
    """Show every entry about CODE, with who made it. This consultation is logged."""
    (subject,) = read_subjects(settings, code, f"assurance signoff show {code}")
    what = columns("recommendation_code", "-point_code", "title", "state", "next_step", "rests_on")
    return Result([Facts("recommendation", what, subject), _entries(subject.entries)])


@signoff.command()
@shows
def check(settings: Settings) -> Result:
    """Read and hash the evidence in force now, and check that no entry was changed.

    If a file of evidence has changed, its closure is reopened. The exit code is 0 if all evidence
    is unchanged and no entry was changed, otherwise 1.
    """
    checked, broken = check_evidence(settings), broken_entries(settings)
    is_sound = not broken and all(one.outcome == "unchanged" for one in checked)
    return Result(
        [
            Table("evidence", (), checked, empty="No evidence is in force."),
            Facts("check", (), {"is_sound": is_sound, "broken_entries": broken}),
            *(["The last entries are missing."] if 0 in broken else []),
        ],
        next="call data engineering: somebody changed the entries." if broken else "",
        exit_code=int(not is_sound),
    )


def _step(
    settings: Settings,
    code: str,
    step: str,
    reason: str | None,
    question: str,
    publication_id: int | None,
    evidence: str | None = None,
) -> Result:
    entry = make_step(
        settings,
        code,
        step,
        account=acting_account(),
        through="command line",
        because=required_reason(reason, question),
        publication_id=publication_id,
        evidence=evidence,
    )
    return Result([_entries([entry])])


def _entries(found: Sequence[Entry]) -> Table:
    causes = problem_kinds()["reopened"]["causes"]
    rows = [
        {
            **vars(one),
            "what": WORDS[one.step],
            "why": causes.get(one.cause),
            "figure": one.value
            and f"{share(one.value)} ({one.numerator} of {one.denominator}, "
            f"{interval(one.ci_low, one.ci_high)})",
        }
        for one in found
    ]
    # People see some of the values. Programs see them all.
    what = columns(
        *(f"-{name}" for name in Entry.__annotations__),
        *("entry_id=entry", "what", "entered_at=entered", "account=by", "by_role=as", ">because"),
        *(">why=cause:", ">through=through", ">made_on=on publication", ">status=status"),
        *(">figure=figure", ">evidence_place=evidence", ">evidence_bytes:number=bytes"),
        *(">evidence_sha256=SHA-256", ">evidence_state=found", ">evidence_checked_at=checked"),
    )
    return Table("entries", what, rows)
