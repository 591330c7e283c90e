"""The tasks of a run as lines on the screen, and their times in a log."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from oic_assurance.reporting.screens.progress import DONE, FAILED, PARTLY, Screen, Step
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

LABELS = {
    "open_run": "Open the run",
    "extract": "Extract and land",
    "close_landing": "Close the landing",
    "build_marts": "Build the candidate marts (dbt)",
    "audit_landing": "Audit what was landed",
    "audit_marts": "Audit the marts",
    "seal_marts": "Seal the marts with the verdict (dbt)",
    "audit_sealed": "Audit what was sealed",
    "approve_warning": "Have the warnings approved",
    "publish": "Publish",
    "tidy": "Set old publications aside",
    "make_packs": "Make the assurance pack",
    "document": "Write the documentation",
    "close_run": "Close the run",
}
ENDED = {"success", "failed"}


@dataclass(frozen=True)
class TaskEvent:
    """What a task tells: that it began, that it succeeded, or why it failed."""

    task: str
    detail: str | None
    state: str
    seconds: float
    error: str | None = None


class TaskLines:
    """One line a task; the extractions share one, which names those that failed."""

    def __init__(self, settings: Settings, screen: Screen) -> None:
        self.last_error: str | None = None
        self._screen = screen
        self._timings = private_folder(settings, settings.log_dir) / "timings.tsv"
        self._task: str | None = None
        self._step: Step | None = None
        self._mark = DONE
        self._note = ""

    def __enter__(self) -> "TaskLines":
        """Begin with what comes before the first task."""
        self._step = self._screen.begin("Airflow")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the line of the last task."""
        self._close()

    def report(self, event: TaskEvent) -> None:
        """Show and keep what a task reports."""
        if event.task != self._task:
            self._close()
            self._task, self._mark, self._note = event.task, DONE, ""
            self._step = self._screen.begin(LABELS.get(event.task, event.task))
        if event.state == "running":
            return
        self._keep(event)
        if event.error:
            self._tell_error(event)
        elif self._step and event.detail:
            self._step.tell(event.detail)

    def _tell_error(self, event: TaskEvent) -> None:
        if event.state not in ENDED:
            self._note = f"tried again after: {event.error}"
            return
        self.last_error = event.error
        if event.detail is None:
            self._mark, self._note = FAILED, event.error or ""
        else:
            self._mark = PARTLY
            self._screen.line(f"  {event.detail}", event.seconds, FAILED, event.error or "")

    def _close(self) -> None:
        if self._step is not None:
            self._step.done(self._mark, self._note)
        self._step = None

    def _keep(self, event: TaskEvent) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        cells = (now, event.task, event.detail or "", event.state, f"{event.seconds:.3f}")
        with self._timings.open("a", encoding="utf-8") as file:
            file.write("\t".join(cells) + "\n")
