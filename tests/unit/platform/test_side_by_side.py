"""Forces run beside each other, and none of them touches another."""

import os
import signal
import time
from pathlib import Path

from oic_assurance.platform.side_by_side import NO_LOG, Ended, side_by_side

CODES = ["A", "B", "C", "D"]


def run(work: object, tmp_path: Path, at_once: int = 2) -> dict[str, Ended]:
    found = side_by_side(
        work,  # type: ignore[arg-type]
        CODES,
        at_once,
        lambda code: tmp_path / f"{code}.log",
        lambda running: None,
    )
    return {ended.code: ended for ended in found}


def test_each_force_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    def work(code: str) -> int:
        print(f"this is {code}")
        if code == "B":
            raise ValueError("the source is gone")
        if code == "C":
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    ended = run(work, tmp_path)
    codes = {code: one.exit_code for code, one in ended.items()}
    assert codes == {"A": 0, "B": 1, "C": -signal.SIGKILL, "D": 0}
    assert (tmp_path / "A.log").read_text() == "this is A\n"
    assert "ValueError: the source is gone" in (tmp_path / "B.log").read_text()


def test_a_force_whose_log_cannot_be_made_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "B").write_text("this is a file, and no folder")
    found = side_by_side(
        lambda code: 0, CODES, 2, lambda code: tmp_path / code / "run.log", lambda running: None
    )
    assert {one.code: one.exit_code for one in found} == {"A": 0, "B": NO_LOG, "C": 0, "D": 0}


def test_no_more_than_so_many_run_at_once(tmp_path: Path) -> None:
    seen: list[int] = []

    def work(code: str) -> int:
        time.sleep(0.3)
        return 0

    found = side_by_side(
        work, CODES, 2, lambda code: tmp_path / code, lambda running: seen.append(len(running))
    )
    assert len(list(found)) == len(CODES)
    assert max(seen) == 2


def test_a_slow_force_does_not_hold_up_the_others(tmp_path: Path) -> None:
    def work(code: str) -> int:
        time.sleep(2.0 if code == "A" else 0.01)
        return 0

    assert list(run(work, tmp_path))[-1] == "A"


def test_what_a_force_changes_in_its_process_is_not_seen_by_others(tmp_path: Path) -> None:
    def work(code: str) -> int:
        before = os.environ.get("SEEN_BY", "nobody")
        os.environ["SEEN_BY"] = code
        print(before)
        return 0

    run(work, tmp_path, at_once=1)
    assert {(tmp_path / f"{code}.log").read_text() for code in CODES} == {"nobody\n"}
    assert "SEEN_BY" not in os.environ
