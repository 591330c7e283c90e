"""Without Java, one line says what to install."""

from pathlib import Path

import pytest

from oic_assurance.builds.spark.session import check_java
from oic_assurance.errors import AssuranceError


def test_without_java_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssuranceError) as told:
        check_java()
    assert told.value.message == (
        "ASSURANCE_ENGINE is spark, but there is no Java: install Java 17 or later (on Debian: apt "
        "install default-jre-headless), or set JAVA_HOME."
    )


def test_a_java_home_without_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(AssuranceError, match=f"JAVA_HOME is {tmp_path}, and there is no Java"):
        check_java()
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch()
    check_java()
