"""Write dbt's documentation of every model and column as one page that needs no server."""

import shutil
from pathlib import Path

from oic_assurance.builds.dbt import run_dbt, target_dir
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.folders import private_folder

PAGE = "dbt_docs.html"


def docs_page(settings: Settings) -> Path:
    """Return the path of the page."""
    return settings.home / "reports" / PAGE


def build_docs(settings: Settings, target: str = "daily") -> Path:
    """Write dbt's documentation of the latest build of a target, and return its path."""
    # The build of this process is compiled already. Compiling it again takes seconds.
    run_dbt(settings, target, ["docs", "generate", "--static", "--no-compile"])
    written = target_dir(settings, target) / "static_index.html"
    if not written.exists():
        raise AssuranceError(f"dbt docs: {written} was not written.")
    page = docs_page(settings)
    private_folder(settings, page.parent)
    draft = page.with_suffix(".new")
    shutil.copyfile(written, draft)
    draft.replace(page)
    return page
