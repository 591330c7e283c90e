"""What is told about a release that was just made."""

from dataclasses import replace

from oic_assurance.cli.release import _made
from oic_assurance.cli.shown import as_text
from tests.unit.reporting.release.content import PUBLISHER, release_record


def test_it_says_whether_the_release_came_on_the_announced_day() -> None:
    notes = {
        "publisher": PUBLISHER,
        "previous": {"release_id": 1, "made_on": "2026-02-01", "announced": "2026-04-29"},
    }
    text = as_text(_made(replace(release_record(2), notes=notes)))
    assert "Release 1 announced this release for 29 April 2026. It came 2 days later." in text
