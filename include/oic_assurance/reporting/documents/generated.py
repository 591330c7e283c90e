"""The generated files: which there are, writing them, and telling those that fell behind."""

from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.dashboards.bundle import BUNDLE, bundle
from oic_assurance.reporting.documents import datasets as pages
from oic_assurance.reporting.documents import dictionary, expectations
from oic_assurance.reporting.documents.dbt_sources import SOURCES, sources_file, sources_yaml
from oic_assurance.reporting.documents.marts import marts
from oic_assurance.reporting.documents.policy import stale_after_days
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets

COMMAND = "assurance sources document"
STAGING = Path("dbt_project") / "models" / "staging"
PAGES = Path("docs") / "datasets"
EXPECTATIONS = Path("docs") / "expectations"
DICTIONARY = Path("docs") / "bi" / "dictionary"
_NOTE = f"Written by `{COMMAND}` from the declarations: change those, then run it again."
_DASHBOARDS_NOTE = f"Written by `{COMMAND}` from include/bi: change that, then run it again."
_MARTS_NOTE = (
    f"Written by `{COMMAND}` from the models of the marts: change those, then run it again."
)
_SUITES_NOTE = f"Written by `{COMMAND}` from the suites: change those, then run it again."


def generated(settings: Settings) -> dict[Path, str]:
    """Return what follows from what is described: files, by their place in the project."""
    known = list(datasets().values())
    stale_after = stale_after_days(settings.project_root)
    files = {
        STAGING / sources_file(kind): f"# {_NOTE}\n{sources_yaml(kind, known, stale_after)}"
        for kind in SOURCES
    }
    texts = {"README.md": pages.index(known)} | {
        pages.page_file(one): pages.page(one, stale_after.get(one.name)) for one in known
    }
    files |= {PAGES / name: f"<!-- {_NOTE} -->\n{text}" for name, text in texts.items()}
    files |= {
        BUNDLE / name: f"# {_DASHBOARDS_NOTE}\n{text}"
        for name, text in bundle(settings.project_root).items()
    }
    files |= {
        DICTIONARY / name: f"<!-- {_MARTS_NOTE} -->\n{text}"
        for name, text in dictionary.pages(marts(settings.project_root)).items()
    }
    return files | {
        EXPECTATIONS / name: f"<!-- {_SUITES_NOTE} -->\n{text}"
        for name, text in expectations.pages().items()
    }


def write(settings: Settings) -> list[Path]:
    """Write the files that differ, remove pages of datasets that are gone; return which it were."""
    wanted = generated(settings)
    behind = _behind(settings, wanted)
    for place in behind:
        path = settings.project_root / place
        if place in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[place], encoding="utf-8")
        else:
            path.unlink()
    return behind


def check(settings: Settings) -> None:
    """Raise an error that names the files which are not what the declarations say, if there are."""
    behind = _behind(settings, generated(settings))
    if behind:
        more = f" and {len(behind) - 1} more" if len(behind) > 1 else ""
        raise AssuranceError(
            f"{behind[0]}{more}: not what it was written from says. Run `{COMMAND}` and commit."
        )


def _behind(settings: Settings, wanted: dict[Path, str]) -> list[Path]:
    root = settings.project_root
    differ = [place for place, text in wanted.items() if _text(root / place) != text]
    left_over = [
        path.relative_to(root)
        for folder, note in (
            (PAGES, _NOTE),
            (EXPECTATIONS, _SUITES_NOTE),
            (BUNDLE, _DASHBOARDS_NOTE),
            (DICTIONARY, _MARTS_NOTE),
        )
        for path in sorted((root / folder).rglob("*.*"))
        if path.relative_to(root) not in wanted and note in (_text(path) or "")
    ]
    return differ + left_over


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
