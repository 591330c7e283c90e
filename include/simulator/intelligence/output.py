"""Disseminations of documents to partners, and intelligence products."""

from datetime import date

from oic_assurance.clock import london_day
from simulator.chance import Chance, Stream
from simulator.entry_errors import add_entry_error
from simulator.moments import DAY, after, at, next_weekday
from simulator.records import Record, Store

SHARED = 0.4
RECIPIENTS = {
    "IMMIGRATION_ENFORCEMENT": 0.34,
    "ROCU": 0.24,
    "MSOICU": 0.16,
    "NCA": 0.14,
    "BORDER_FORCE": 0.08,
    "OTHER": 0.04,
}
RECIPIENT_ERRORS = {"recipient_agency": ("HMRC", "Immigration Enforcement")}
PRODUCT_ERRORS = {"covers_to": (None,)}
CHARTS_A_YEAR = 9.0
QUARTERS = (1, 4, 7, 10)
NEVER_APPROVED = 0.08


class Output:
    """Adds disseminations and intelligence products."""

    def __init__(self, chance: Chance, store: Store) -> None:
        self._chance = chance
        self._store = store

    def share(self, document: Record) -> None:
        """Draw whether a document is shared with partners, and add its disseminations."""
        rng = self._chance.stream("dissemination", document.key)
        if not rng.happens(SHARED):
            return
        submitted_at = document.entered_at
        for _ in range(1 + rng.happens(0.3)):
            shared_at = after(submitted_at, hours=6 + rng.log_normal(40, 0.9))
            record = self._store.add(
                "dissemination",
                after(shared_at, hours=rng.uniform(0.05, 1)),
                {
                    "report_urn": document.first["report_urn"],
                    "recipient_agency": rng.weighted(RECIPIENTS),
                    "shared_at": shared_at,
                },
            )
            if rng.happens(0.01):
                deleted_at = after(record.entered_at, hours=rng.uniform(1, 100))
                record.change(deleted_at, deleted_at=deleted_at)
            add_entry_error(rng, record, RECIPIENT_ERRORS)

    def day(self, day: date) -> None:
        """Add the day's products, if any: bulletin, profile, yearly assessment or charts."""
        rng = self._chance.stream("products", day)
        month_before = (day.replace(day=1) - DAY).replace(day=1)
        if day == next_weekday(day.replace(day=3)):
            self._product(rng, day, "BULLETIN", month_before)
            if day.month in QUARTERS:
                self._product(rng, day, "PROBLEM_PROFILE", _months_back(day, 3))
            if day.month == 1:
                self._product(rng, day, "STRATEGIC_ASSESSMENT", _months_back(day, 12))
        for _ in range(rng.poisson(CHARTS_A_YEAR / 365)):
            self._product(rng, day, "NETWORK_CHART", day - rng.randint(30, 120) * DAY)

    def _product(self, rng: Stream, day: date, kind: str, covers_from: date) -> None:
        made_at = at(day, rng.uniform(9, 16))
        covers_to = day.replace(day=1) - DAY if kind != "NETWORK_CHART" else day - DAY
        record = self._store.add(
            "product",
            made_at,
            {
                "product_type": kind,
                "is_oic": kind != "STRATEGIC_ASSESSMENT" and rng.happens(0.55),
                "approved_at": None,
                "covers_from": covers_from,
                "covers_to": covers_to,
            },
        )
        if not rng.happens(NEVER_APPROVED):
            approved_at = at(next_weekday(london_day(made_at) + rng.randint(1, 12) * DAY), 14.5)
            record.change(approved_at, approved_at=approved_at)
        add_entry_error(rng, record, PRODUCT_ERRORS)


def _months_back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
