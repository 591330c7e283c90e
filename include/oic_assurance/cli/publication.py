"""`assurance publication`, `compare` and `preview`: decide about publications, and compare them."""

import sys
from functools import partial

import click

from oic_assurance import pipeline
from oic_assurance.cli.group import Group
from oic_assurance.cli.shared import ID, json_option, required_reason, show
from oic_assurance.operations.compare import compare as compare_publications
from oic_assurance.operations.preview import preview as preview_change
from oic_assurance.operations.reproduce.reproduce import reproduce as recompute_and_compare
from oic_assurance.platform.progress import working
from oic_assurance.publishing.publication import current_hold, list_publications
from oic_assurance.reporting.preview_page import write_page
from oic_assurance.reporting.screens.compared import comparison_screen
from oic_assurance.reporting.screens.previewed import preview_screen
from oic_assurance.reporting.screens.reproduced import reproduction_screen
from oic_assurance.reporting.screens.screen import Publications, pointer_screen, publications_screen
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import acting_account, person

by_option = click.option(
    "--by",
    metavar="NAME",
    show_default="the login",
    help="The name of the person who decides. The login is recorded too.",
)


@click.group(cls=Group)
def publication() -> None:
    """List publications, and decide which of them readers see."""


@publication.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all publications, the newest first. A star marks the current publication."""
    settings = load_settings()
    found = Publications(list_publications(settings), current_hold(settings))
    show(found, publications_screen, as_json=as_json)


@publication.command()
@click.argument("publication_id", metavar="ID", type=ID)
@click.option("--reason", metavar="TEXT", help="Why. Readers see it, and it is recorded.")
@click.option(
    "--until-next-run",
    is_flag=True,
    help="The next run may make its publication current, without a release.",
)
def rollback(publication_id: int, reason: str | None, until_next_run: bool) -> None:
    """Make the earlier publication ID current. Later publications wait for a release."""
    settings = load_settings()
    why = _reason(reason, "Why is it rolled back?")
    pipeline.roll_back(settings, publication_id, why, until_next_run=until_next_run)
    sys.stdout.write(pointer_screen(settings))


@publication.command()
@click.option("--reason", metavar="TEXT", help="Why the roll-back can end. It is recorded.")
def release(reason: str | None) -> None:
    """End the hold after a roll-back: make the newest waiting publication current."""
    settings = load_settings()
    pipeline.release_hold(settings, _reason(reason, "Why can the roll-back end?"))
    sys.stdout.write(pointer_screen(settings))


@publication.command()
@click.argument("build_id", metavar="ID", type=ID)
@click.option("--reason", metavar="TEXT", help="Why readers may see it with its warnings.")
@by_option
def approve(build_id: int, reason: str | None, by: str | None) -> None:
    """Publish build ID, which has warnings and waits for a decision.

    With a login of your own, this only records the approval. Under the account of the deployment,
    it publishes a build that somebody has approved.
    """
    why = required_reason(reason, "Why may readers see it with its warnings?")
    _decide(build_id, why, by, is_approved=True)


@publication.command()
@click.argument("build_id", metavar="ID", type=ID)
@click.option("--reason", metavar="TEXT", help="Why readers may not see it.")
@by_option
def reject(build_id: int, reason: str | None, by: str | None) -> None:
    """Do not publish build ID, which has warnings and waits for a decision."""
    why = required_reason(reason, "Why may readers not see it?")
    _decide(build_id, why, by, is_approved=False)


@publication.command()
@click.argument("publication_id", metavar="ID", type=ID)
@json_option
def reproduce(publication_id: int, as_json: bool) -> int:
    """Compute publication ID again from the batches known at its time, and compare the tables.

    Readers are not affected, and the recomputed tables are dropped afterwards. The exit code is 0
    if each recomputed table has the same content fingerprint as the published table, otherwise 1.
    """
    settings = load_settings()
    progress = partial(working, settings, f"Recompute publication {publication_id}")
    done = recompute_and_compare(settings, publication_id, progress)
    show(done, reproduction_screen, as_json=as_json)
    return 0 if done.is_equal else 1


@click.command()
@click.argument("before", metavar="BEFORE", type=ID)
@click.argument("after", metavar="AFTER", type=ID)
@click.option(
    "--unit",
    metavar="CODE",
    default="ALL",
    show_default="ALL, the whole force",
    help="The figures of this unit.",
)
@click.option("--all-units", is_flag=True, help="The figures of every unit.")
@json_option
def compare(before: int, after: int, unit: str, all_units: bool, as_json: bool) -> int:
    """Show what changed from publication BEFORE to publication AFTER, and why.

    The exit code is 0 if the causes account for every changed figure, otherwise 1. Only figures of
    months that were over in both publications count for the exit code.
    """
    found = compare_publications(load_settings(), before, after, None if all_units else unit)
    show(found, comparison_screen, as_json=as_json)
    return 0 if found.is_explained else 1


@click.command()
@json_option
def preview(as_json: bool) -> None:
    """Compute the current publication with the rules of this checkout, and show what differs.

    The differences are printed as Markdown, which can be pasted into a pull request. A page with
    the same content is written into the reports folder. Nothing is published.
    """
    settings = load_settings()
    found = preview_change(settings, partial(working, settings, "Compute with the changed rules"))
    page = write_page(settings, found)
    show(found, preview_screen, as_json=as_json)
    sys.stderr.write(f"The page is {page}.\n")


def _decide(build_id: int, reason: str, by: str | None, *, is_approved: bool) -> None:
    settings = load_settings()
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
    if person() is not None:
        follow = f"`assurance publication approve {build_id}` under the deployment's account"
        words = f"approved by '{user}': {follow} publishes it" if is_approved else "rejected"
        sys.stdout.write(f"Build {build_id} is {words}.\n")
        return
    if is_approved:
        pipeline.publish_approved(settings, build_id)
    sys.stdout.write(pointer_screen(settings))


def _reason(given: str | None, question: str) -> str:
    """Return the reason for a roll-back or release. If none was given, ask for it at the terminal.

    Without a terminal, nobody can be asked. Then return a string that says that no reason was
    given.
    """
    if given and given.strip():
        return given
    if sys.stdin.isatty():
        return str(click.prompt(question))
    return "no reason was given"
