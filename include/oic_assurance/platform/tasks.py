"""Show the tasks of a run on the terminal, and write their times to a log file."""

from dataclasses import dataclass
from datetime import UTC, datetime

from oic_assurance.platform.progress import FAILED, PARTLY, Screen
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

LABELS = {
    "open_run": "Open the run",
    "extract": "Extract and land",
    "close_landing": "Close the landing",
    "build_marts": "Build the candidate marts (dbt)",
    "audit_landing": "Check the landing",
    "audit_marts": "Check the marts",
    "seal_marts": "Seal the marts (dbt)",
    "audit_sealed": "Check the sealed marts",
    "approve_warning": "Wait for approval of warnings",
    "publish": "Publish",
    "tidy": "Drop old generations",
    "make_packs": "Make the assurance pack",
    "document": "Write the documentation",
    "close_run": "Close the run",
}


@dataclass(frozen=True)
class TaskEvent:
    """The event that a task of the run began, succeeded, failed or is to be retried.

    `detail` is the dataset of an extraction, and None for other tasks. `state` is Airflow's name
    for the task's state. `seconds` is the time since the task began.
    """

    task: str
    detail: str | None
    state: str
    seconds: float
    error: str | None = None


class TaskLines:
    """The lines on the terminal for the tasks of a run.

    Each task has one line. All extractions share one line, and a failed extraction has an
    additional line.
    """

    def __init__(self, settings: Settings, screen: Screen) -> None:
        self.last_error: str | None = None
        self._screen = screen
        self._timings = private_folder(settings, settings.log_dir) / "timings.tsv"
        # Airflow's start takes seconds until the first task begins.
        self._task, self._step = "", screen.step("Start Airflow")

    def __enter__(self) -> "TaskLines":
        """Return the lines."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the line of the last task. If the block ends with an error, the task has failed."""
        self._step.__exit__(kind)

    def report(self, event: TaskEvent) -> None:
        """Show an event on the terminal.

        If an attempt of a task has ended, its duration is appended to the log file.
        """
        if event.task != self._task:
            self._step.done()
            self._task = event.task
            self._step = self._screen.step(LABELS.get(event.task, event.task))
        if event.state == "running":
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        cells = (now, event.task, event.detail or "", event.state, f"{event.seconds:.3f}")
        with self._timings.open("a", encoding="utf-8") as file:
            file.write("\t".join(cells) + "\n")
        if event.error:
            self._show_error(event, event.error)
        elif event.detail:
            self._step.detail = event.detail

    def _show_error(self, event: TaskEvent, error: str) -> None:
        step, retried = self._step, f"tried again after: {error}"
        if event.state != "failed":
            step.note = retried
            return
        if step.note == retried:
            step.note = ""
        note = "as above" if self.last_error and self.last_error in error else error
        self.last_error = error
        if event.detail is None:
            step.mark, step.note = FAILED, note
        else:
            step.mark = PARTLY
            self._screen.line(f"  {event.detail}", event.seconds, FAILED, note)
