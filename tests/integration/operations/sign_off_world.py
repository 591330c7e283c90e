"""Publications with the positions that a test asks for, and people who sign off on them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from oic_assurance.builds.record import Build
from oic_assurance.cli import signoff
from oic_assurance.cli.main import run_command
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.integration.publishing.marts import audit, make_candidates, open_build

#: A recommendation that no figure measures.
TRACKED = "TRACKED_A"
#: Status, numerator and denominator of a point.
Position = tuple[str, int, int]


def publish_points(
    settings: Settings,
    *,
    as_at: str = "2026-05-01 05:30+01",
    reopens: Mapping[str, int] = MappingProxyType({}),
    **positions: Position,
) -> int:
    """Publish a build whose register has these points and `TRACKED`. Return the publication."""
    build = open_build(settings, as_at=as_at)
    fill_points(settings, build, reopens=reopens, has_other_target=False, **positions)
    audit(settings, build)
    return publish(settings, build).publication_id


def fill_points(
    settings: Settings,
    build: Build,
    *,
    reopens: Mapping[str, int] = MappingProxyType({}),
    has_other_target: bool = False,
    **positions: Position,
) -> None:
    """Make the candidates of a build, whose register has these points and `TRACKED`.

    `reopens` has the points that the build finds slipped, each with the round of its closure. With
    `has_other_target`, the policy's change made each status another.
    """
    make_candidates(settings, build)
    with connect(settings, role="oic_transform") as conn:
        conn.execute("delete from candidate.assurance_position")
        conn.execute("delete from candidate.dim_recommendation")
        conn.execute("delete from candidate.sign_off_reopening")
        for code, number in reopens.items():
            conn.execute(
                "insert into candidate.sign_off_reopening (force_code, publication_id, "
                "recommendation_code, round, cause, words) "
                "values (%s, %s, %s, %s, 'SLIPPED', 'it slipped')",
                (settings.force_code, build.build_id, code, number),
            )
        for code in (*positions, TRACKED):
            point = code if code in positions else None
            conn.execute(
                "insert into candidate.dim_recommendation (force_code, publication_id, "
                "recommendation_code, point_code, title) values (%s, %s, %s, %s, 'To be done')",
                (settings.force_code, build.build_id, code, point),
            )
        for code, (status, numerator, denominator) in positions.items():
            value = numerator / denominator
            conn.execute(
                "insert into candidate.assurance_position (force_code, publication_id, point_code, "
                "as_at, status, source_status, numerator, denominator, value, ci_low, ci_high, "
                "verdict_cause) values (%s, %s, %s, %s, %s, 'fresh', %s, %s, %s, %s, %s, %s)",
                (
                    settings.force_code, build.build_id, code, build.as_at, status, numerator,
                    denominator, value, value - 0.05, value + 0.05,
                    "POLICY_CHANGE" if has_other_target else None,
                ),
            )  # fmt: skip


@dataclass
class People:
    """Runs `assurance signoff` under the accounts of several people."""

    settings: Settings
    folder: Path
    patch: pytest.MonkeyPatch
    output: pytest.CaptureFixture[str]
    last_error: str = field(default="", init=False)

    def run(self, person: str, *arguments: str) -> tuple[int, str]:
        """Run a command as a person. Return the command's exit code and standard output."""
        self.patch.setattr(signoff, "acting_account", lambda: person)
        self.output.readouterr()
        code = run_command(["signoff", *arguments])
        written = self.output.readouterr()
        self.last_error = " ".join(written.err.split())
        return code, written.out

    def does(self, person: str, *arguments: str) -> Mapping[str, Any]:
        """Run a command that must succeed, and return its JSON document."""
        code, out = self.run(person, *arguments, "--json")
        assert code == 0, self.last_error
        document: Mapping[str, Any] = json.loads(out)
        return document

    def makes(self, person: str, *arguments: str) -> Mapping[str, Any]:
        """Run a command that makes an entry, and return the entry."""
        (entry,) = self.does(person, *arguments)["entries"]
        found: Mapping[str, Any] = entry
        return found

    def may_not(self, person: str, *arguments: str) -> str:
        """Run a command that must fail, and return its message."""
        code, out = self.run(person, *arguments)
        assert code in (1, 2), out
        return self.last_error

    def may_not_sign(self, person: str, party: str, code: str = "HYDRA") -> str:
        """Sign for a party, which must fail, and return the message."""
        return self.may_not(person, "sign", code, "--as", party, "--reason", "x")

    def evidence(self, text: str = "twelve certificates", name: str = "proof.txt") -> str:
        """Write an evidence file, and return its path below the folder of evidence."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def close(self, code: str = "HYDRA", *, until: str = "COMMISSIONER") -> None:
        """Make the steps of a closure up to the signature `until`.

        Each step is made by a person who may make it.
        """
        self.does("lead", "agree", code, "--steps", "train everybody by June")
        self.does(
            "officer", "evidence", code, "--file", self.evidence(), "--reason", "certificates"
        )
        for party, person in (
            ("FORCE", "chief"),
            ("COMMISSIONER", "commissioner"),
            ("INSPECTORATE", "inspector"),
        ):
            self.does(person, "sign", code, "--as", party, "--reason", "it is done")
            if party == until:
                return

    def states(self) -> dict[str, str]:
        """Return how far each recommendation is."""
        return {
            one["recommendation_code"]: one["state"]
            for one in self.does("lead", "list")["subjects"]
        }
