"""`assurance signoff`: close a point or a recommendation step by step, and reopen it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID, reason_for
from oic_assurance.cli.shown import shows
from oic_assurance.formats import interval, share
from oic_assurance.operations.sign_off import entries as signed
from oic_assurance.operations.sign_off.steps import check_evidence, make_step, reopen_by_decision
from oic_assurance.settings import SIGN_OFF_ROLES, Settings
from oic_assurance.state.apply import problem_kinds
from oic_assurance.warehouse.connections import acting_account

code_argument = click.argument("code", metavar="CODE")
publication_option = click.option(
    "--publication", "publication_id", type=ID, help="Only if this is still the current one."
)
role_option = partial(click.option, "--as", "role", required=True)


@click.group(cls=Group)
def signoff() -> None:
    """Close assurance points and recommendations step by step, and show how far each one is.

    CODE is the code of a point or of a recommendation, such as TRACKED_A.
    """


@signoff.command()
@code_argument
@reason_for("What was agreed?", "--steps", "The steps, who answers for them, and by when.")
@publication_option
@shows
def agree(settings: Settings, **given: Any) -> Result:
    """Record that the steps to close CODE are agreed.

    This is the first step of a closure.
    """
    return _step(settings, "STEPS_AGREED", **given)


@signoff.command()
@code_argument
@click.option("--file", "evidence", required=True, help="A URL, or a path in ASSURANCE_EVIDENCE.")
@reason_for("What does the file show?", about="What the file shows.")
@publication_option
@shows
def evidence(settings: Settings, **given: Any) -> Result:
    """Record the evidence for CODE, which is a file.

    This is the second step of a closure. The file is hashed. It is neither copied nor moved.
    """
    return _step(settings, "EVIDENCE", **given)


@signoff.command()
@code_argument
@role_option(type=click.Choice(signed.STEPS[2:], case_sensitive=False), help="Who signs.")
@reason_for("Why can it be closed?")
@publication_option
@shows
def sign(settings: Settings, role: str, **given: Any) -> Result:
    """Sign for a party that CODE can be closed. The Commissioner's signature closes it.

    The force signs first, then the Commissioner. The evidence is read and hashed again. Each party
    must sign with an account of its own. The account that has recorded the agreement on the steps
    cannot sign.
    """
    return _step(settings, role, **given)


@signoff.command()
@code_argument
@role_option(type=click.Choice(SIGN_OFF_ROLES, case_sensitive=False), help="Who decides.")
@reason_for("Why is it reopened?")
@shows
def reopen(settings: Settings, code: str, role: str, reason: str) -> Result:
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
        because=reason,
    )
    return Result([_entries([entry])])


@signoff.command("list")
@shows
def list_(settings: Settings) -> Result:
    """List all points and recommendations: how far each is, and what comes next."""
    found = signed.read_subjects(settings, None, "assurance signoff list")
    what = columns(
        *("recommendation_code=code", "state", "next_step", "made_on=made on"),
        *("evidence_state=evidence", "rests_on", "-title", "-point_code", "-entries"),
    )
    return Result([Table("subjects", what, found)])


@signoff.command("show")
@code_argument
@shows
def show_(settings: Settings, code: str) -> Result:
    """Show every entry about CODE, with who made it. This consultation is logged."""
    (subject,) = signed.read_subjects(settings, code, f"assurance signoff show {code}")
    what = columns("recommendation_code", "-point_code", "title", "state", "next_step", "rests_on")
    return Result([Facts("recommendation", what, subject), _entries(subject.entries)])


@signoff.command()
@shows
def check(settings: Settings) -> Result:
    """Read and hash the evidence in force now, and check that no entry was changed.

    If a file of evidence has changed, its closure is reopened. The exit code is 0 if all evidence
    is unchanged and no entry was changed, otherwise 1.
    """
    checked, broken = check_evidence(settings), signed.broken_entries(settings)
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


def _step(settings: Settings, step: str, code: str, reason: str, **given: Any) -> Result:
    entry = make_step(
        settings,
        code,
        step,
        account=acting_account(),
        through="command line",
        because=reason,
        **given,
    )
    return Result([_entries([entry])])


def _entries(found: Sequence[signed.Entry]) -> Table:
    causes = problem_kinds()["reopened"]["causes"]
    rows = [
        {
            **vars(one),
            "what": signed.WORDS[one.step],
            "why": causes.get(one.cause),
            "figure": one.value
            and f"{share(one.value)} ({one.numerator} of {one.denominator}, "
            f"{interval(one.ci_low, one.ci_high)})"
            + (f", {one.figure_period}" if one.figure_period else ""),
        }
        for one in found
    ]
    # People see some of the values. Programs see them all.
    what = columns(
        *("entry_id=entry", "what", "entered_at=entered", "account=by", "by_role=as", ">because"),
        *(">why=cause:", ">through=through", ">made_on=on publication", ">status=status"),
        *(">figure=figure", ">evidence_place=evidence", ">evidence_bytes:number=bytes"),
        *(">evidence_sha256=SHA-256", ">evidence_state=found", ">evidence_checked_at=checked"),
        "-*",
    )
    return Table("entries", what, rows)
