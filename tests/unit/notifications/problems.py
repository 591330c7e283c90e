"""Example problems for tests of notifications."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from oic_assurance.settings import Settings
from oic_assurance.state.read import Problem

#: A force without a declared name, which has the name of its area.
FORCE = Settings(Path("/"), Path("/"), "", "E23000022")
BLOCKED = Problem(
    problem_code="publication",
    subject="daily run",
    what="the run was blocked: fct_nccu_referral: every referral has one class (3 rows)",
    since=datetime(2026, 5, 3, 4, 41, tzinfo=UTC),
    readers_see="publication 41, as at Sat 02 May 2026 05:30",
    who="data engineering",
    what_to_do="assurance status",
    severity="critical",
    title="No publication was made",
)
STALE = replace(
    BLOCKED,
    problem_code="source",
    subject="hr/personnel",
    what="hr/personnel is stale",
    who="HR",
    severity="warning",
    title="A source is not fresh: hr/personnel",
)
