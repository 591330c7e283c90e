"""An archive in an empty state folder."""

import dataclasses
from pathlib import Path

import pytest

from oic_assurance.batches.archive_writer import Archive
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a state folder that does not exist yet."""
    return dataclasses.replace(load_settings(), home=tmp_path / "home")


@pytest.fixture
def archive(settings: Settings) -> Archive:
    """The archive of the personnel files."""
    return Archive(settings, dataset("hr/personnel"))
