"""Whose export the national warehouse takes: that of the deployment that its force is known by."""

import hashlib
import json
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oic_assurance.cli.main import run_command
from oic_assurance.errors import UsageError
from oic_assurance.landing.national.exporters import trust
from oic_assurance.state.read import open_problems
from tests.national.world import DAY, MIDLANDS, NationalWorld, made_up

FORCE, OTHER = MIDLANDS[0], MIDLANDS[1]
OWN, FOREIGN = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def name(key: Ed25519PrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()


def landed(world: NationalWorld) -> list[int]:
    """Return the numerators of the force at one point that were landed, in their order."""
    rows = world.rows(
        "select numerator from raw_general.force_position where reporting_force_code = %s"
        " and point_code = 'HYDRA' order by batch_id, version_at",
        FORCE,
    )
    return [row["numerator"] for row in rows]


def test_another_deployment_with_the_code_of_a_force_is_refused_until_a_person_trusts_its_key(
    world: NationalWorld,
) -> None:
    world.export(made_up(OTHER), key=FOREIGN)
    world.export(made_up(FORCE), key=OWN)
    world.land()
    world.export(made_up(FORCE, {"HYDRA": (10, 100)}), key=FOREIGN)
    world.land()

    refused = world.refusals()
    # The other files are the same as before.
    assert len(refused) == 2
    for reason in refused:
        assert f"by the key {name(FOREIGN)} (host force-host)" in reason
        assert f"known by the key {name(OWN)} (host force-host)" in reason
        assert f"`assurance release trust {FORCE} {name(FOREIGN)} --reason …`" in reason
        assert "\n" not in reason
    world.land()
    assert world.refusals() == refused, "a refusal that stands is recorded once"
    assert landed(world) == [90]

    trust(world.settings, FORCE, name(FOREIGN), "a.lead", "the force has called")
    world.land()

    assert landed(world) == [90, 10]
    world.export(made_up(FORCE), key=OWN)
    world.land()
    assert len(world.refusals()) > len(refused), "the earlier key is not taken any more"
    assert landed(world) == [90, 10]


def test_exports_of_older_code_are_taken_as_long_as_the_force_has_never_signed(
    world: NationalWorld,
) -> None:
    world.export(made_up(FORCE))
    world.land()
    world.export(made_up(FORCE, {"HYDRA": (20, 100)}), key=OWN)
    world.land()
    world.export(made_up(FORCE, {"HYDRA": (30, 100)}))
    world.land()

    assert landed(world) == [90, 20]
    assert world.refusals()
    assert all("nobody has signed its manifest" in reason for reason in world.refusals())


@pytest.mark.parametrize("changed", ["files", "host", "signature", "key"])
def test_a_manifest_that_was_changed_after_it_was_signed_is_refused(
    world: NationalWorld, changed: str
) -> None:
    paths = world.export(made_up(FORCE), key=OWN)
    path = world.zone / "national" / "manifest" / f"manifest_{FORCE}_{DAY:%Y%m%d}.json"
    listed = json.loads(path.read_text())
    if changed == "files":
        paths["measure"].write_bytes(paths["measure"].read_bytes().replace(b"90,100", b"99,100"))
        [entry] = [one for one in listed["files"] if one["name"] == paths["measure"].name]
        entry["sha256"] = hashlib.sha256(paths["measure"].read_bytes()).hexdigest()
    elif changed == "host":
        listed["host"] = "elsewhere"
    elif changed == "signature":
        listed["signature"] = "none"
    else:
        listed["signature"]["public_key"] = FOREIGN.public_key().public_bytes_raw().hex()
    path.write_text(json.dumps(listed))

    world.land()

    assert len(world.refusals()) == 6
    assert all("its signature is wrong" in reason for reason in world.refusals())
    assert world.rows("select * from audit.exporter") == []


def test_a_key_is_trusted_for_a_force_and_with_a_reason(
    world: NationalWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    for force, key, reason, message in (
        ("Surrey", name(OWN), "they called", "is not the ONS code of a police force area"),
        (FORCE, "abc", "they called", "is not the SHA-256 of a key"),
        (FORCE, name(OWN), " ", "needs a reason"),
    ):
        with pytest.raises(UsageError, match=message):
            trust(world.settings, force, key, "a.lead", reason)
    done = run_command(["release", "trust", FORCE, name(OWN), "--reason", "they called"])
    assert done == 0
    assert "Before: no key." in capsys.readouterr().out
    with pytest.raises(UsageError, match="known by the key"):
        trust(world.settings, FORCE, name(OWN), "a.lead", "they called again")


def test_a_late_export_stands_behind_a_later_one_of_whose_day_a_second_export_was_refused(
    world: NationalWorld,
) -> None:
    """Raw still has what the later day had said, although the newest delivery of it was refused."""
    for day in (date(2026, 3, 8), DAY):
        world.export(made_up(FORCE), day)
        world.land()
    path = world.export(made_up(FORCE))["position"]
    path.write_bytes(path.read_bytes()[:-20])
    world.land()
    world.export(made_up(FORCE, {"HYDRA": (10, 100)}), date(2026, 3, 9))
    world.land()

    assert world.refusals()
    assert landed(world) == [90, 10, 90]


def test_every_force_with_a_refused_file_is_told_and_not_only_the_last_by_name(
    world: NationalWorld,
) -> None:
    for code in MIDLANDS[:3]:
        path = world.export(made_up(code))["position"]
        if code != MIDLANDS[2]:
            path.write_bytes(path.read_bytes()[:-20])
    world.land()

    [told] = [one for one in open_problems(world.settings) if one.problem_code == "delivery"]

    assert told.subject == "national/position"
    for code in MIDLANDS[:2]:
        assert f"position_{code}_20260310.csv: force {code}: its SHA-256 is" in told.what
    assert MIDLANDS[2] not in told.what

    world.export(made_up(MIDLANDS[0]))
    world.export(made_up(MIDLANDS[1]))
    world.land()
    assert [one for one in open_problems(world.settings) if one.problem_code == "delivery"] == []
