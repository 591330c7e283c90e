"""Make the files of the plan register and of the recommendation log."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from .clock import midnight
from .model import Delivery, Row
from .span import END, random_style

STRANDS = ("COLLECT", "ANALYSE", "SHARE")


def _plan(rng: random.Random, ref: str, strand: str, good: float) -> Row:
    """Make a plan. It fulfils each condition of a met strand with the probability `good`."""
    approved = rng.choice(
        (date(2025, 3, 1), date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 1))
    )
    review = rng.choice((END, END + timedelta(days=1), date(2026, 12, 31), date(2027, 6, 1)))
    past = rng.choice((END - timedelta(days=1), date(2026, 1, 31), date(2025, 12, 30)))
    ahead = rng.choice((END + timedelta(days=1), END + timedelta(days=30)))

    def keep() -> bool:
        return rng.random() < good

    return {
        "plan_ref": ref,
        "strand": strand,
        "title": f"Plan {ref} – “{strand.lower()}”",
        "owner_role": "Head of Intelligence" if keep() else None,
        "version": rng.choice(("1.0", "2", "0.3 draft")),
        "approved_date": approved if keep() else rng.choice((None, ahead)),
        "review_due_date": review if keep() else rng.choice((None, past)),
        "evidence_ref": f"EV-{rng.randint(1, 999)}" if keep() else None,
    }


def register(rng: random.Random, moment: datetime) -> Delivery:
    """Make a plan register that was modified at `moment`."""
    good = rng.choice((0.85, 0.97, 1.0))
    plans = []
    for strand in STRANDS:
        for number in range(rng.choice((1, 1, 2, 3) if good > 0.8 else (0, 1, 2))):
            plans.append(_plan(rng, f"P-{strand[:2]}-{number + 1}", strand, good))
    milestones = [
        {
            "plan_ref": plan["plan_ref"],
            "milestone": f"Step {step}",
            "due_date": date(2025, 6 + step, 1),
            "completed_date": rng.choice((None, date(2025, 6 + step, 20))),
        }
        for plan in plans
        for step in (1, 2)
    ]
    sheets = {"Plans": plans, "Milestones": milestones}
    style = random_style(rng)
    return Delivery("governance/plans", "plan_register.xlsx", sheets, moment, moment, style)


def log(rng: random.Random, moment: datetime, earlier: list[Row]) -> Delivery:
    """Make a recommendation log that was modified at `moment`.

    The log has the entries `earlier` and some new entries.
    """
    rows = list(earlier)
    since = date(2025, 5, 20) if not earlier else END
    for _ in range(rng.randint(8, 16) if not earlier else 3):
        span = (END - since).days
        event = midnight(since + timedelta(days=rng.randint(0, span)))
        if rng.random() < 0.2 and not earlier:
            event = midnight(date(2026, 5, 1)) - timedelta(minutes=10 * len(rows))
        rows.append(
            {
                "event_at": event + timedelta(minutes=10 * len(rows)),
                "point_code": rng.choice(("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")),
                "party": rng.choice(("FORCE", "COMMISSIONER", "HMICFRS")),
                "status": rng.choice(("in_progress", "met_on_time", "overdue", "not_started")),
                "comment": rng.choice(("", 'He said "done"', "Two\nlines; and, more")),
            }
        )
    style = random_style(rng)
    return Delivery(
        "governance/recommendations", "recommendation_log.csv", {"": rows}, moment, moment, style
    )
