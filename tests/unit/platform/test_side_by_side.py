"""Forces run beside each other, and none of them touches another or finds another's secrets."""

import itertools
import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.forces.declared import declared_forces
from oic_assurance.forces.enter import environment_of, without_secrets
from oic_assurance.platform.side_by_side import NO_LOG, Ended, original, side_by_side

CODES = ["A", "B", "C", "D"]
NORTH, SOUTH = "E23000022", "E23000021"
TWO = f"""\
forces:
  - {{code: {NORTH}, name: Northamptonshire, accountable_body: One}}
  - {{code: {SOUTH}, name: Leicestershire, accountable_body: Another}}
"""
PATIENCE, BUSY_SECONDS = 60.0, 0.1


def run(
    work: Callable[[str], int],
    tmp_path: Path,
    at_once: int = 2,
    environments: Mapping[str, Mapping[str, str]] | None = None,
    show: Callable[[Sequence[str]], None] = lambda running: None,
) -> Iterator[Ended]:
    given = environments or {code: {"PATH": os.environ["PATH"], "CODE": code} for code in CODES}
    with original(without_secrets(os.environ), [__name__]) as context:
        yield from side_by_side(context, work, given, at_once, lambda code: tmp_path / code, show)


def ends_in_its_own_way(code: str) -> int:
    print(f"this is {code}")
    if code == "B":
        raise ValueError("the source is gone")
    if code == "C":
        os.kill(os.getpid(), signal.SIGKILL)
    return 0


def waits_for_the_last(code: str) -> int:
    while code == "A" and not Path(os.environ["LAST"]).exists():
        time.sleep(0.05)
    return 0


def looks_around(code: str) -> int:
    print(os.environ.get("SEEN_BY", "nobody"), os.environ["CODE"])
    os.environ["SEEN_BY"] = code
    return 0


def kills_its_original(code: str) -> int:
    if code == "A":
        os.kill(os.getppid(), signal.SIGKILL)
    shown = Path(f"/proc/{os.getppid()}/environ").read_bytes() if code != "A" else b""
    print("a secret" if b"the key of somebody" in shown else "no secret")
    return 0


def calculates(code: str) -> int:
    end = time.process_time() + BUSY_SECONDS
    while time.process_time() < end:
        pass
    return 0


def waits(code: str) -> int:
    print(os.getpid(), flush=True)
    deadline = time.monotonic() + PATIENCE
    while not Path(os.environ["ASSURANCE_HOME"], "go").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return 0


def test_each_force_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    codes = {ended.code: ended.exit_code for ended in run(ends_in_its_own_way, tmp_path)}
    assert codes == {"A": 0, "B": 1, "C": -signal.SIGKILL, "D": 0}
    assert (tmp_path / "A").read_text() == "this is A\n"
    assert "ValueError: the source is gone" in (tmp_path / "B").read_text()


def test_a_force_whose_log_cannot_be_made_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "B").mkdir()
    codes = {ended.code: ended.exit_code for ended in run(looks_around, tmp_path)}
    assert codes == {"A": 0, "B": NO_LOG, "C": 0, "D": 0}


def test_a_slow_force_does_not_hold_up_the_others_and_so_many_run_at_once(tmp_path: Path) -> None:
    seen: list[int] = []
    environments = {code: {"LAST": str(tmp_path / "D")} for code in CODES}
    found = run(
        waits_for_the_last,
        tmp_path,
        environments=environments,
        show=lambda running: seen.append(len(running)),
    )
    assert {ended.code for ended in itertools.islice(found, 2)} == {"B", "C"}
    assert {ended.code for ended in found} == {"A", "D"}
    assert max(seen) == 2


def test_a_force_has_its_own_environment_and_changes_no_other(tmp_path: Path) -> None:
    list(run(looks_around, tmp_path, at_once=1))
    assert {code: (tmp_path / code).read_text() for code in CODES} == {
        code: f"nobody {code}\n" for code in CODES
    }
    assert "SEEN_BY" not in os.environ


def test_an_original_that_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ends_at_once.py").write_text("import os\nos._exit(9)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        pytest.raises(AssuranceError, match="has ended, perhaps because the memory was full"),
        original(without_secrets(os.environ), ["ends_at_once"]),
    ):
        pass


def test_an_original_that_is_killed_is_started_again_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", "the key of somebody")
    ended = {one.code: one.exit_code for one in run(kills_its_original, tmp_path, at_once=1)}
    assert ended == {"A": 255, "B": 0, "C": 0, "D": 0}
    assert {(tmp_path / code).read_text() for code in "BCD"} == {"no secret\n"}
    assert os.environ["ASSURANCE_PSEUDONYM_KEY"] == "the key of somebody"


def test_what_the_runs_use_is_counted_as_used_by_the_command(tmp_path: Path) -> None:
    before = os.times()
    list(run(calculates, tmp_path))
    after = os.times()
    used = after.children_user - before.children_user
    used += after.children_system - before.children_system
    assert used > len(CODES) * BUSY_SECONDS


def test_who_takes_over_the_run_of_one_force_finds_no_secret_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forces.yml").write_text(TWO)
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path))
    kept = {code: _give_secrets(code, monkeypatch) for code in (NORTH, SOUTH)}
    forces = declared_forces()
    assert forces is not None
    environments = {
        code: environment_of(force, forces, os.environ) for code, force in forces.forces.items()
    }
    for code in (NORTH, SOUTH):
        (tmp_path / "forces" / code).mkdir(parents=True)
    running = run(waits, tmp_path / "log", environments=environments, show=attack)
    attack.logs, attack.found = tmp_path / "log", {}
    attack.secrets = {secret: code for code, given in kept.items() for secret in given}
    attack.release = [tmp_path / "forces" / code / "go" for code in (NORTH, SOUTH)]
    assert [ended.exit_code for ended in running] == [0, 0]
    assert attack.found == {
        "original": (set(), set()),
        # In memory the attacker finds every secret of its own force, so it would find others.
        **{code: (set(), set(kept[code])) for code in (NORTH, SOUTH)},
    }


class Attack:
    """Searches two processes and their original for secrets, as whoever has taken one over."""

    logs: Path
    secrets: dict[str, str]
    release: list[Path]
    #: For each process, the secrets in its environment as the system shows it, and in its memory.
    found: dict[str, tuple[set[str], set[str]]]

    def __call__(self, running: Sequence[str]) -> None:
        logs = {code: self.logs / code for code in (NORTH, SOUTH)}
        if self.found or not all(log.exists() and log.read_text() for log in logs.values()):
            return
        pids = {code: int(log.read_text()) for code, log in logs.items()}
        status = Path(f"/proc/{pids[NORTH]}/status").read_text()
        pids["original"] = int(re.findall(r"PPid:\s+(\d+)", status)[0])
        for who, pid in pids.items():
            shown = Path(f"/proc/{pid}/environ").read_bytes()
            memory = _memory(pid)
            self.found[who] = (
                {one for one in self.secrets if one.encode() in shown},
                {one for one in self.secrets if one.encode() in memory},
            )
        for file in self.release:
            file.touch()


attack = Attack()


def _memory(pid: int) -> bytes:
    parts = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            begin, end = (int(one, 16) for one in place.split("-"))
            if rights.startswith("rw"):
                memory.seek(begin)
                parts.append(memory.read(end - begin))
    return b"".join(parts)


def _give_secrets(code: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Set variables of every kind that holds a secret of a force, and return the secrets."""
    given = []
    for variable in (
        f"ASSURANCE_{code}_PSEUDONYM_KEY",
        f"AWS_{code}_SECRET_ACCESS_KEY",
        f"AIRFLOW_CONN_{code}_RMS",
        f"AIRFLOW_{code}__SECRETS__BACKEND_KWARGS",
    ):
        given.append(secrets.token_hex(32))
        monkeypatch.setenv(variable, given[-1])
    return given
