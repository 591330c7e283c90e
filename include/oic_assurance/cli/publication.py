"""`assurance publication`: list publications, decide about them, and compare them."""

from functools import partial

import click

from oic_assurance import pipeline
from oic_assurance.builds.declared import unit_of
from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Facts, Result, Table, columns
from oic_assurance.cli.shared import ID, reason_option, required_reason
from oic_assurance.cli.shown import cells, shows
from oic_assurance.formats import count, moment
from oic_assurance.operations import compare as comparing
from oic_assurance.operations import preview as previewing
from oic_assurance.operations import reproduce as reproducing
from oic_assurance.operations.reproduce import ROWS_NAMED
from oic_assurance.platform.progress import working
from oic_assurance.publishing import publication as publications
from oic_assurance.reporting.paper import document
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.preview_page import write_pages
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import acting_account, person

NO_REASON = "no reason was given"
#: How many records that move from one class to another are named.
NAMED = 10
#: What follows `point_code` or a figure in a table: its status and its figure, then and now.
_THEN_AND_NOW = (
    *("numerator_before:number=then", "denominator_before:number=of"),
    *("numerator_after:number=now", "denominator_after:number=of"),
)
_POINTS = columns(
    *("point_code=point", "status_before:state=status then", "status_after:state=status now"),
    *("numerator_before:number=then", "denominator_before:number=of", "value_before:share=share"),
    *("numerator_after:number=now", "denominator_after:number=of", "value_after:share=share"),
    *(">figure_period_before=counted then", ">figure_period_after=counted now"),
    "-is_equal",
)
_FIGURE = ("measure_code=measure", "month:month", "org_unit_code=unit")
by_option = click.option(
    "--by", metavar="NAME", show_default="the login", help="Who decides. The login is recorded too."
)


@click.group(cls=Group)
def publication() -> None:
    """List and compare publications, and decide which of them readers see."""


@publication.command("list")
@shows
def list_(settings: Settings) -> Result:
    """List all publications, the newest first, with the one that readers see."""
    listed = Table(
        "publications",
        columns(
            *("publication_id=publication", "is_current=current", "gate_verdict:state=gate"),
            *("checks:number", "checks_failed:number=failed"),
            *("published_at=published", "as_at", ">withdrawn_at=rolled back"),
            *(">withdrawn_because=because", ">kept_because=kept and never current, because"),
            *("code_version=code", "-*"),
        ),
        publications.list_publications(settings),
        empty="Nothing has been published yet.",
    )
    return Result([listed, _hold(settings)])


@publication.command()
@click.argument("publication_id", metavar="ID", type=ID)
@click.option("--reason", metavar="TEXT", help="Why. Readers see it, and it is recorded.")
@click.option(
    "--until-next-run", is_flag=True, help="Without a hold: the next publication becomes current."
)
@shows
def rollback(
    settings: Settings, publication_id: int, reason: str | None, until_next_run: bool
) -> Result:
    """Make the earlier publication ID current. Later publications wait for a release."""
    current = publications.current_publication(settings)
    if current is not None and current.publication_id == publication_id:
        return Result([f"Readers see publication {publication_id} already: nothing was done."])
    why = required_reason(reason, "Why is it rolled back?").strip() or NO_REASON
    pipeline.roll_back(settings, publication_id, why, until_next_run=until_next_run)
    return Result(readers_see(settings))


@publication.command()
@reason_option
@shows
def release(settings: Settings, reason: str | None) -> Result:
    """End the hold after a roll-back: make the newest waiting publication current."""
    why = required_reason(reason, "Why can the roll-back end?").strip() or NO_REASON
    pipeline.release_hold(settings, why)
    return Result(readers_see(settings))


@publication.command()
@click.argument("build_id", metavar="ID", type=ID)
@reason_option
@by_option
@shows
def approve(settings: Settings, build_id: int, reason: str | None, by: str | None) -> Result:
    """Publish build ID, which has warnings and waits for a decision.

    With a login of your own, this only records the approval. Under the account of the deployment,
    it publishes a build that somebody has approved.
    """
    why = required_reason(reason, "Why may readers see it with its warnings?")
    user = _decide(settings, build_id, why, by, is_approved=True)
    if person():
        follow = f"`assurance publication approve {build_id}` under the deployment's account"
        return Result([f"Build {build_id} is approved by '{user}': {follow} publishes it."])
    pipeline.publish_approved(settings, build_id)
    return Result(readers_see(settings))


@publication.command()
@click.argument("build_id", metavar="ID", type=ID)
@reason_option
@by_option
@shows
def reject(settings: Settings, build_id: int, reason: str | None, by: str | None) -> Result:
    """Do not publish build ID, which has warnings and waits for a decision."""
    why = required_reason(reason, "Why may readers not see it?")
    _decide(settings, build_id, why, by, is_approved=False)
    return Result([f"Build {build_id} is rejected.", *([] if person() else readers_see(settings))])


@publication.command()
@click.argument("publication_id", metavar="ID", type=ID)
@shows
def reproduce(settings: Settings, publication_id: int) -> Result:
    """Compute publication ID again from the batches known at its time, and compare the tables.

    Readers are not affected, and the recomputed tables are dropped afterwards. The exit code is 0
    if each recomputed table has the same content fingerprint as the published table, otherwise 1.
    """
    progress = partial(working, settings, f"Recompute publication {publication_id}")
    return reproduction(reproducing.reproduce(settings, publication_id, progress))


@publication.command()
@click.argument("before", metavar="BEFORE", type=ID)
@click.argument("after", metavar="AFTER", type=ID)
@click.option("--unit", metavar="CODE", default="ALL", help="The figures of this unit.")
@click.option("--all-units", is_flag=True, help="The figures of every unit.")
@shows
def compare(settings: Settings, before: int, after: int, unit: str, all_units: bool) -> Result:
    """Show what changed from publication BEFORE to publication AFTER, and why.

    The exit code is 0 if the causes account for every changed figure, otherwise 1. Only figures of
    months that were over in both publications count for the exit code.
    """
    return comparison(comparing.compare(settings, before, after, None if all_units else unit))


@publication.command()
@shows
def preview(settings: Settings) -> Result:
    """Compute the current publication with the rules of this checkout, and show what differs.

    Nothing is published. A page with the differences, and the same as Markdown for a pull request,
    are written into the reports folder.
    """
    found = previewing.preview(
        settings, partial(working, settings, "Compute with the changed rules")
    )
    result = previewed(found)
    told = [part for part in result.parts if isinstance(part, str)]
    tables = [
        document.Table(part.title, *cells(part), part.empty)
        for part in result.parts
        if isinstance(part, Table)
    ]
    page, markdown = write_pages(settings, told, tables)
    return Result([*result.parts, Facts("pages", (), {"page": page, "markdown": markdown})])


def readers_see(settings: Settings) -> list[Facts]:
    """Return what is told after a change of the current publication, such as a roll-back."""
    seen = publications.current_publication(settings)
    current = Facts(
        "current",
        columns("publication_id=readers see publication", "as_at"),
        seen,
        empty="Nothing has been published yet.",
    )
    return [current, _hold(settings)]


def _hold(settings: Settings) -> Facts:
    return Facts(
        "hold",
        columns(
            *("publication_id=readers see publication", "since", "reason=because"),
            *("waiting=later ones that wait", "newest_waiting=the newest of them"),
        ),
        publications.current_hold(settings),
        title="Each later publication waits: `assurance publication release` shows the newest.",
    )


def _decide(
    settings: Settings, build_id: int, reason: str, by: str | None, *, is_approved: bool
) -> str:
    """Record a decision about a build, and return the account that acts."""
    user = acting_account()
    pipeline.decide(
        settings,
        build_id,
        is_approved=is_approved,
        who=by or user,
        login=user,
        reason=reason,
        through="command line",
    )
    return user


def reproduction(done: reproducing.Reproduction) -> Result:
    """Return whether the recomputed tables are as published, and what can explain it if not."""
    found = {
        **vars(done.publication),
        **vars(done),
        "is_equal": done.is_equal,
        "content_fingerprint": done.content_fingerprint,
        "published_content": done.publication.content_fingerprint,
    }
    differing = [one for one in done.tables if not one.is_equal]
    dropped = [one.place for one in differing if one.audited and one.recomputed and not one.stored]
    tables = count(len(done.tables), "table")
    told = [f"Equal: {tables}." if done.is_equal else f"NOT EQUAL: {len(differing)} of {tables}."]
    if dropped:
        told.append(f"The rows of {', '.join(dropped)} are no longer kept, so no row is shown.")
    if done.expected_content != done.publication.content_fingerprint:
        told.append("The pseudonyms were replaced since, which changed the fingerprint.")
    if not done.is_equal:
        told += [one.text for one in done.reasons] or [
            "Neither the rules nor erasures explain it: somebody has changed raw, the audit tables "
            "or the published tables. `assurance batch verify` compares raw with the archive."
        ]
    facts = columns(
        *("publication_id=publication", "as_at", "published_at", "expected_content=then"),
        *("content_fingerprint=now", "-published_content", "-is_equal", "-reasons"),
    )
    compared = columns(
        *("place=table", "rows_published:number", "rows_recomputed:number", "verdict"),
        *("-audited", "-stored", "-recomputed", "-is_equal"),
    )
    differ = columns("place=table", "column", "published", "recomputed", ">key")
    first = [{"place": one.place, **row} for one in done.tables for row in one.rows]
    how = "Recomputed from raw as known then, with the content fingerprints"
    which = f"The first rows that differ, at most {ROWS_NAMED} of each table"
    parts: list[Facts | Table | str] = [
        Facts("reproduction", facts, found, how),
        Table("tables", compared, done.tables),
        Table("rows", differ, first, which),
        *told,
    ]
    return Result(parts, exit_code=int(not done.is_equal))


def comparison(found: comparing.Comparison) -> Result:
    """Return what changed between two publications: the points, the figures, and the conclusion."""
    seen = [
        {**vars(one), "seen_from": begin, "seen_until": end}
        for one in (found.before, found.after)
        for begin, end in zip(one.current_from or (None,), one.current_to or (None,), strict=True)
    ]
    restated: list[dict[str, object]] = []
    for one in found.figures:
        why: list[tuple[str | None, str, float | None, int | None]]
        why = [(cause, labels("cause")[cause], *effect) for cause, effect in one.causes.items()]
        if not one.is_explained:
            why.append((None, "NOT EXPLAINED", one.by_time, None))
        elif why and abs(one.by_time or 0) >= comparing.NOTHING:
            why.append((None, "time passed", one.by_time, None))
        figure = {**vars(one), "unit_of_value": one.unit_of_value}
        keys = ("cause", "why", "change", "records")
        restated += [{**figure, **dict(zip(keys, part, strict=True))} for part in why]
    others = [one for one in found.figures if one.is_explained and not one.causes]
    conclusion = "No value of a month that was over has changed."
    if not found.is_explained:
        lost = ", ".join(map(str, found.not_kept))
        conclusion = (
            "NOT EXPLAINED: a figure of a month that was over changed by more than its causes."
            + (f" The causes of publications {lost} are not kept." if lost else "")
        )
    elif restated:
        conclusion = "The causes account for every changed value of a month that was over."
    spells = columns(
        *("publication_id=publication", "as_at", "seen_from=readers saw it from"),
        *("seen_until=until", ">withdrawn_at=rolled back"),
    )
    values = (*_FIGURE, "before:measured", "after:measured", "-was_over", "-by_time")
    causes = columns(*values, "why=cause", "change:change", "records:number", "-cause")
    counts = columns(*_FIGURE, *_THEN_AND_NOW, "-before", "-after", "-was_over")
    return Result(
        [
            Table("publications", spells, seen),
            Table("points", _POINTS, found.points),
            Table(
                "verdicts",
                columns("publication_id=publication", "point_code=point", ">verdict_words=why"),
                found.verdicts,
                "Changed targets and deadlines, and verdicts that corrections changed",
            ),
            Table(
                "restated", causes, restated, "Figures that had been published and were restated"
            ),
            Table(
                "changed_with_time",
                columns(*values),
                [one for one in others if one.before != one.after],
                "Figures that changed because time passed",
            ),
            Table(
                "same_value",
                counts,
                [one for one in others if one.before == one.after],
                "Figures whose counts changed and whose value did not",
            ),
            Table(
                "erasures",
                columns("erased_at=erased", "dataset", "records:number", ">reason=because"),
                found.erasures,
                "Records that were erased in between. Figures count them as deleted",
            ),
            Facts("comparison", columns("-is_explained", "-way", "-not_kept"), found),
            conclusion,
            Table(
                "not_compared",
                columns(*_FIGURE),
                found.not_compared,
                "Not compared, because only one of the two publications has figures of their unit, "
                "or of their measure for their month",
                at_most=5,
            ),
        ],
        exit_code=int(not found.is_explained),
    )


def previewed(found: previewing.Preview) -> Result:
    """Return what a changed rule would change: the points, the figures, and the records."""
    number, as_at = found.publication.publication_id, moment(found.publication.as_at)
    of_force = sum(one["org_unit_code"] == "ALL" for one in found.figures)
    statuses = sum(one["status_before"] != one["status_after"] for one in found.points)
    told = [
        f"Publication {number}, as at {as_at}, was computed again from the same records. Nothing "
        f"was published. {count(statuses, 'status', 'statuses')} and {count(of_force, 'figure')} "
        f"of the force would change, and {count(len(found.figures) - of_force, 'figure')} of units."
    ]
    if not found.records_are_known:
        told.append(
            "Another build ran since this publication, so the changed rules and records are not "
            "known. To see them, run `assurance run` with the rules as they are, and preview then."
        )
    day = f"{found.publication.as_at:%Y-%m-%d}"
    later = [
        one["row"]["effective_from"]
        for one in found.seed_rows
        if one["when"] == "after" and one["row"].get("effective_from", "") > day
    ]
    if later:
        rows = count(len(later), "new row of policy", "new rows of policy")
        told.append(f"{rows} with a later first day: nothing changes before {min(later)}.")
    figures = columns(
        *(*_FIGURE, "value_before:measured=before", "denominator_before:number=of"),
        *("value_after:measured=after", "denominator_after:number=of", "moved:number=records"),
        "-*",
    )
    records = columns(*_FIGURE[:2], "class_before", "class_after", "records:number", ">named", "-*")
    return Result(
        [
            Facts(
                "preview", columns("-records_are_known", "-changes_nothing", "-publication"), found
            ),
            *told,
            Table(
                "causes", (), found.causes, "What was changed", empty="No changed rule is known."
            ),
            Table("seed_rows", (), found.seed_rows, "Changed rows of seeds"),
            Table("points", _POINTS, found.points, "The points"),
            Table(
                "figures",
                figures,
                [{**one, "unit_of_value": unit_of(one["measure_code"])} for one in found.figures],
                "Figures of the whole force",
                empty="No figure changes.",
                at_most=of_force,
                more="figures of units, which `--json` has",
            ),
            Table(
                "records",
                records,
                [{**one, "named": ", ".join(one["refs"][:NAMED])} for one in found.records],
                "Records that move. A record without a class is not considered.",
                empty="No record is known to move.",
            ),
        ]
    )
