"""`assurance publication`: what was published, taken back, released, and computed again."""

import os
import pwd
import sys
from functools import partial

import click


@click.group()
def publication() -> None:
    """Show what was published, and what readers see."""


@publication.command("list")
def list_() -> None:
    """Show every publication, the newest first; the star marks the one that readers see."""
    from oic_assurance.reporting.screens.screen import publications_screen
    from oic_assurance.settings import load_settings

    sys.stdout.write(publications_screen(load_settings()))


@publication.command()
@click.argument("publication_id", metavar="ID", type=int)
@click.option("--reason", metavar="TEXT", help="Why: readers see it, and it is kept.")
@click.option(
    "--until-next-run",
    is_flag=True,
    help="Let the next run show its publication by itself, without a release.",
)
def rollback(publication_id: int, reason: str | None, until_next_run: bool) -> None:
    """Show readers an earlier publication; what runs make after it waits for a release."""
    from oic_assurance.publishing.rollback import rollback as take_back
    from oic_assurance.reporting.screens.screen import pointer_screen
    from oic_assurance.settings import load_settings

    settings = load_settings()
    why = _reason(reason, "Why is it taken back?")
    take_back(settings, publication_id, why, until_next_run=until_next_run)
    sys.stdout.write(pointer_screen(settings))


@publication.command()
@click.option("--reason", metavar="TEXT", help="Why the roll-back need not stand any longer.")
def release(reason: str | None) -> None:
    """End a roll-back: show readers the newest publication made since."""
    from oic_assurance.publishing.rollback import release as let_go
    from oic_assurance.reporting.screens.screen import pointer_screen
    from oic_assurance.settings import load_settings

    settings = load_settings()
    let_go(settings, _reason(reason, "Why need it not stand any longer?"))
    sys.stdout.write(pointer_screen(settings))


@publication.command()
@click.argument("build_id", metavar="ID", type=int)
@click.option("--reason", metavar="TEXT", help="Why readers may see it with its warnings.")
@click.option("--by", metavar="NAME", help="Who decides; by default the login, which is kept too.")
def approve(build_id: int, reason: str | None, by: str | None) -> None:
    """Publish build ID, whose warnings wait for a decision."""
    why = _needed(reason, "Why may readers see it with its warnings?")
    _decide(build_id, why, by, is_approved=True)


@publication.command()
@click.argument("build_id", metavar="ID", type=int)
@click.option("--reason", metavar="TEXT", help="Why readers may not see it.")
@click.option("--by", metavar="NAME", help="Who decides; by default the login, which is kept too.")
def reject(build_id: int, reason: str | None, by: str | None) -> None:
    """Leave build ID, whose warnings wait for a decision, unpublished."""
    _decide(build_id, _needed(reason, "Why may readers not see it?"), by, is_approved=False)


@publication.command()
@click.argument("publication_id", metavar="ID", type=int)
def reproduce(publication_id: int) -> int:
    """Compute publication ID again from raw, with what was known then, and compare.

    Exit 0 when every table has the content fingerprint that was published. Nothing that readers
    see is touched, and nothing of it is kept.
    """
    from oic_assurance.operations.reproduce.reproduce import reproduce as compute_again
    from oic_assurance.reporting.screens.progress import working
    from oic_assurance.reporting.screens.reproduced import reproduction_screen
    from oic_assurance.settings import load_settings

    settings = load_settings()
    recompute = partial(working, settings, f"Recompute publication {publication_id}")
    done = compute_again(settings, publication_id, recompute)
    sys.stdout.write(reproduction_screen(done))
    return 0 if done.is_equal else 1


def _decide(build_id: int, reason: str, by: str | None, *, is_approved: bool) -> None:
    from oic_assurance import pipeline
    from oic_assurance.reporting.screens.screen import pointer_screen
    from oic_assurance.settings import load_settings

    settings = load_settings()
    login = _login()
    pipeline.decide(
        settings, build_id,
        is_approved=is_approved, who=by or login, login=login, reason=reason,
        through="command line",
    )  # fmt: skip
    if is_approved:
        pipeline.publish_approved(settings, build_id)
    sys.stdout.write(pointer_screen(settings))


def _login() -> str:
    """Return whose process this is. The environment would say what anybody has set there."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _needed(given: str | None, question: str) -> str:
    """Return why, asked for where somebody sits at a terminal; without one nothing is decided."""
    if given is None and sys.stdin.isatty():
        return str(click.prompt(question))
    return given or ""


def _reason(given: str | None, question: str) -> str:
    """Return why: as said, or asked for where somebody sits at a terminal."""
    if given and given.strip():
        return given
    if sys.stdin.isatty():
        return str(click.prompt(question))
    return "no reason was given"
