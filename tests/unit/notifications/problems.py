"""Example problems for tests of notifications."""

from dataclasses import replace
from datetime import UTC, datetime

from oic_assurance.notifications.notification import Problem

BLOCKED = Problem(
    kind="publication",
    subject="daily run",
    what="the run was blocked: fct_nccu_referral: every referral has one class (3 rows)",
    since=datetime(2026, 5, 3, 4, 41, tzinfo=UTC),
    readers_see="publication 41, as at Sat 02 May 2026 05:30",
    who="data engineering",
    command=".venv/bin/assurance status",
)
STALE = replace(
    BLOCKED, kind="source", subject="hr/personnel", what="hr/personnel is stale", who="HR"
)
