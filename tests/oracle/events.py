"""Make the database rows of a world, such as occurrences, referrals and documents."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from .clock import day_of, midnight, wall
from .model import KEYS, Row
from .people import Career
from .span import AS_ATS, END, START

LAST = midnight(END) + timedelta(hours=3, minutes=30)  # no row of step 0 changed later
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
OFFSETS = (
    *(-DAY, -DAY - SECOND, -DAY + SECOND, timedelta(hours=-2), timedelta(0), timedelta(hours=1)),
    *(timedelta(hours=1), timedelta(hours=5), timedelta(hours=9.5), DAY - SECOND, DAY),
    *(DAY + SECOND, timedelta(hours=30), timedelta(hours=72), timedelta(hours=100)),
    *(timedelta(hours=400), timedelta(hours=-30), timedelta(hours=3), timedelta(hours=2)),
)
EDGES = tuple(
    wall(text)
    for text in (
        *("2025-03-30T00:59:59", "2025-03-30T02:00", "2025-03-31T23:30", "2025-04-01T00:15"),
        *("2025-10-26T00:30", "2025-10-26T01:30+01:00", "2025-10-26T01:30+00:00"),
        *("2025-10-25T23:59:59", "2025-10-31T23:59:59", "2025-11-01T00:00", "2026-01-01T00:00"),
        *("2026-03-29T00:30", "2026-03-29T02:30", "2026-03-31T23:45", "2026-04-01T00:00"),
        *("2026-04-30T23:59:59", "2026-05-01T00:00", "2026-05-31T23:30", "2026-06-01T00:10"),
    )
)
GRADING = (
    *("grading_scheme", "source_evaluation", "intelligence_assessment"),
    *("handling_code", "handling_conditions"),
)
GOOD_GRADES = (
    *(("3x5x2", "1", "A", "P", None), ("3x5x2", "2", "C", "P", None)),
    *(("3x5x2", "3", "E", "C", "Ask the originator"), ("5x5x5", "B", "2", "1", None)),
    *(("5x5x5", "E", "5", "5", None), ("3x5x2", "2", "B", "P", "not needed")),
)
BAD_GRADES = (
    *(
        ("3x5x2", "1", "A", "C", None),
        ("3x5x2", "1", "A", "C", "  "),
        ("3x5x2", "4", "A", "P", None),
    ),
    *(
        ("3x5x2", "B", "2", "1", None),
        ("5x5x5", "1", "A", "P", None),
        ("5x5x5", "A", "6", "1", None),
    ),
    *(
        ("3x5x2", "1", "F", "P", None),
        ("3x5x2", "1", "A", "1", None),
        ("3x5x2", "2", "A", "", None),
    ),
)


class Events:
    """Makes the database rows of one world. `tables` maps each table to its rows."""

    def __init__(self, rng: random.Random, careers: list[Career], quality: float) -> None:
        self.rng = rng
        self.careers = careers
        self.quality = quality
        self.model_force = quality == 1.0
        self.tables: dict[str, list[Row]] = {name: [] for name in KEYS}
        self.gone_refs: list[str] = []

    def make(self) -> dict[str, list[Row]]:
        """Make all database rows of the world's first step."""
        for number in range(70):
            self._incident(number)
        for number in range(40):
            self._lonely(number)
        self._first_and_last_days()
        for _ in range(35):
            self._custody()
        self._crossed_names()
        if self.model_force:
            self._answer_all()
        for number in range(12):
            self._product(number)
        for name, rows in self.tables.items():
            self.rng.shuffle(rows)
            for key, row in enumerate(rows, 1):
                row[KEYS[name]] = key
        return self.tables

    def stamps(self, created: datetime) -> Row:
        """Return `created_at`, `updated_at` and `deleted_at` for a row created at a moment."""
        created = min(created, LAST)
        rng = self.rng
        updated = created + timedelta(minutes=rng.choice((0, 0, 5, 60, 3000, 30000, 200000)))
        updated = min(updated, LAST)
        if rng.random() < 0.1:  # exactly at the moment of a run
            updated = max([wall(m) for m in AS_ATS if created <= wall(m) <= LAST], default=updated)
        deleted = updated if rng.random() < 0.05 else None
        return {"created_at": created, "updated_at": updated, "deleted_at": deleted}

    def moment(self) -> datetime:
        """Draw a moment for an event.

        Some moments are at an edge of the calendar, such as a clock change. Some are shortly before
        the moment of a run. All others are anywhere in the period.
        """
        rng = self.rng
        draw = rng.random()
        if draw < 0.25:
            return rng.choice(EDGES)
        if draw < 0.45:
            hours = rng.choice((1, 20, 48, 71, 72, 73, 90, 100, 240))
            return wall(rng.choice(AS_ATS)) - timedelta(hours=hours, seconds=rng.choice((0, 0, 1)))
        start = midnight(START)
        minutes = rng.randint(0, int((LAST - start).total_seconds() // 60))
        return start + timedelta(minutes=minutes)

    def number(self, moment: datetime) -> str:
        """Draw a collar number. Most numbers belong to an officer who is in post at the moment.

        Some numbers belong to an officer who may not be in post. A few belong to nobody.
        """
        rng = self.rng
        if rng.random() < 0.04:
            return rng.choice(("9999", "8888"))
        day = day_of(moment)
        if rng.random() < 0.12:
            return rng.choice(self.careers).value("collar_no", day)
        there = [c for c in self.careers if c.start <= day and (c.leave is None or c.leave >= day)]
        return rng.choice(there).value("collar_no", day)

    def _incident(self, number: int) -> None:
        """Make an occurrence with its referrals and documents, and sometimes custody records."""
        rng = self.rng
        reported = min(self.moment(), LAST)
        ref = f"{reported:%y}{rng.randint(0, 999999999):09d}"
        self.tables["rms.occurrence"].append(
            {
                "occurrence_ref": ref,
                "incident_type_code": "IMM",
                "offence_code": rng.choice((None, "061A", "99/14")),
                "is_oic": rng.random() < 0.8,
                "detection_route": rng.choice(("ROAD_POLICING", "LORRY_DROP", "OTHER")),
                "district_code": rng.choice(("D1", "D2")),
                "persons_count": rng.choice((None, 1, 7, 16)),
                "status": rng.choice(("OPEN", "CLOSED", "CLOSED", "CLOSED", "CANCELLED")),
                "occurred_at": rng.choice((None, reported - timedelta(hours=1))),
                "reported_at": reported,
                **self.stamps(reported),
            }
        )
        team = [self.number(reported) for _ in range(rng.choice((1, 2, 3)))]
        base = [
            self.referral(ref, rng.choice(team), self._near(reported))
            for _ in range(rng.choice((0, 1, 1, 2, 3, 4)))
        ]
        for _ in range(rng.choice((0, 1, 1, 2, 3, 5)) if base else rng.choice((0, 1))):
            self.document(ref, team, base, reported)
        if number % 2:
            for _ in range(rng.choice((1, 1, 2))):
                when = reported + timedelta(hours=rng.choice((0, 2, 40, 700)))
                self._custody(ref, rng.choice(team), when)

    def _near(self, moment: datetime) -> datetime:
        minutes = self.rng.choice((0, 0, 0, 15, 90, 600, 1440, 4000))
        return moment + timedelta(minutes=minutes)

    def referral(self, ref: str | None, officer: str, contacted: datetime) -> Row:
        """Make one referral."""
        rng = self.rng
        contacted = min(contacted, LAST - SECOND)
        place = len(self.tables["rms.nccu_referral"])
        row = {
            "referral_ref": f"R{rng.randint(0, 999999):06d}-{place}",
            "occurrence_ref": ref,
            "reporting_officer_no": officer,
            "contacted_at": contacted,
            "channel": rng.choice(("PHONE", "EMAIL")),
            "referral_type": rng.choice(
                ("IMMIGRATION_CRIME",) * 5 + ("STATUS_CHECK", "STATUS_CHECK", "VICTIM")
            ),
            "persons_count": rng.choice((None, 1, 4)),
            "nccu_reference": rng.choice((None, "IE/1")),
            "outcome": rng.choice((None, "DETAIN", "PENDING")),
            **self.stamps(contacted + timedelta(minutes=rng.choice((0, 3, 200)))),
        }
        self.tables["rms.nccu_referral"].append(row)
        if row["deleted_at"]:
            self.gone_refs.append(row["referral_ref"])
        return row

    def document(
        self, ref: str | None, team: list[str], base: list[Row], reported: datetime
    ) -> Row:
        """Make a report about one of the referrals in `base`.

        If `base` is empty, the report is about the occurrence `ref`.
        """
        rng = self.rng
        about = rng.choice(base) if base else None
        start = about["contacted_at"] if about else reported
        good = rng.random() < self.quality
        submitted = start + (rng.choice(OFFSETS[4:11]) if good else rng.choice(OFFSETS))
        if rng.random() < 0.2 and self.tables["intel.report"]:
            last = self.tables["intel.report"][-1]
            submitted = last["submitted_at"] if last["occurrence_ref"] == ref else submitted
        elif rng.random() < 0.1:  # exactly at the moment of a run
            submitted = min([wall(m) for m in AS_ATS if wall(m) >= start], default=submitted)
        author = about["reporting_officer_no"] if about else team[0]
        if not good and rng.random() < 0.5:
            author = rng.choice((*team, self.number(start)))
        grade = rng.choice(GOOD_GRADES) if good or rng.random() < 0.7 else rng.choice(BAD_GRADES)
        status = "SUBMITTED"
        if not good and rng.random() < 0.4:
            status = rng.choice(("DRAFT", "RETURNED", "REJECTED", "WITHDRAWN", "DRAFT"))
        row = {
            "report_urn": f"U{rng.randint(0, 999999):06d}/{len(self.tables['intel.report'])}",
            "document_type_code": "NCCU_INTEL" if good or rng.random() < 0.9 else "INTEL_LOG",
            "grading_scheme": grade[0],
            "source_evaluation": grade[1],
            "intelligence_assessment": grade[2],
            "handling_code": grade[3],
            "handling_conditions": grade[4],
            "protective_marking": rng.choice(("OFFICIAL", "OFFICIAL-SENSITIVE")),
            "author_officer_no": author,
            "occurrence_ref": ref if rng.random() < 0.9 else None,
            "nccu_referral_ref": self._name(about),
            "status": status,
            "submitted_at": submitted if good or rng.random() < 0.95 else None,
            **self.stamps((submitted or start) - timedelta(minutes=rng.choice((0, 30)))),
        }
        self.tables["intel.report"].append(row)
        return row

    def _name(self, about: Row | None) -> str | None:
        """Draw the referral reference that a document names, or None if it names no referral.

        A drawn reference belongs to the referral that the document is about, to a deleted referral,
        or to no referral at all.
        """
        draw = self.rng.random()
        if draw < 0.3 and about:
            return str(about["referral_ref"])
        if draw < 0.36:
            return "R-no-such"
        if draw < 0.45 and self.gone_refs:
            return self.rng.choice(self.gone_refs)
        return None

    def _lonely(self, number: int) -> None:
        """Make a referral without an occurrence, or with an occurrence that is not in the RMS.

        Some of these referrals get a document or a custody record.
        """
        when = self.moment()
        ref = "25999999999" if number % 9 == 0 else None
        officer = self.number(when)
        row = self.referral(ref, officer, when)
        if number % 3:
            self.document(ref, [officer], [row], when)
        if ref:
            self._custody(ref, officer, when)

    def _first_and_last_days(self) -> None:
        """Make a referral on each officer's first and last day, or a day earlier or later."""
        for career in self.careers:
            for day in (career.start, career.leave):
                if day is None or not START < day < END - timedelta(days=2):
                    continue
                shift = self.rng.choice((0, 0, 1, -1))
                when = midnight(day + timedelta(days=shift)) + timedelta(
                    hours=self.rng.randint(0, 23)
                )
                self.referral(None, career.value("collar_no", day), when)

    def _crossed_names(self) -> None:
        """Make some documents name a random referral, usually that of another occurrence."""
        referrals = self.tables["rms.nccu_referral"]
        for row in self.rng.sample(self.tables["intel.report"], 8):
            other = self.rng.choice(referrals)
            row["nccu_referral_ref"] = other["referral_ref"]
            if self.rng.random() < 0.5 and row["submitted_at"]:
                row["submitted_at"] = other["contacted_at"] + self.rng.choice(OFFSETS)

    def _answer_all(self) -> None:
        """Give every referral since December 2025 a valid document by the same officer."""
        for about in list(self.tables["rms.nccu_referral"]):
            if about["contacted_at"] < wall("2025-12-01T00:00"):
                continue
            row = self.document(None, [], [about], about["contacted_at"])
            row["author_officer_no"] = about["reporting_officer_no"]
            row["nccu_referral_ref"] = about["referral_ref"]
            row["submitted_at"] = about["contacted_at"] + self.rng.choice(OFFSETS[4:11])
            row.update(document_type_code="NCCU_INTEL", status="SUBMITTED", deleted_at=None)
            row.update(zip(GRADING, self.rng.choice(GOOD_GRADES), strict=True))

    def _custody(
        self, ref: str | None = None, officer: str | None = None, when: datetime | None = None
    ) -> None:
        rng = self.rng
        when = min(when or self.moment(), LAST - SECOND)
        known = [row["occurrence_ref"] for row in self.tables["rms.occurrence"]]
        self.tables["rms.custody_record"].append(
            {
                "occurrence_ref": ref or rng.choice((None, None, rng.choice(known))),
                "arresting_officer_no": officer or self.number(when),
                "detention_reason_code": rng.choice(("IMMIGRATION", "IMMIGRATION", "THEFT")),
                "detained_at": when,
                "released_at": rng.choice((None, when + timedelta(hours=9))),
                **self.stamps(when + timedelta(minutes=5)),
            }
        )

    def _product(self, number: int) -> None:
        """Make an intelligence product and a dissemination."""
        when = self.moment()
        self.tables["intel.product"].append(
            {
                "product_type": "PROBLEM_PROFILE" if number % 2 else "BULLETIN",
                "is_oic": bool(number % 3),
                "approved_at": when if number % 4 else None,
                "covers_from": day_of(when) - timedelta(days=90),
                "covers_to": day_of(when),
                **self.stamps(when),
            }
        )
        report = self.rng.choice(self.tables["intel.report"])
        self.tables["intel.dissemination"].append(
            {
                "report_urn": report["report_urn"],
                "recipient_agency": self.rng.choice(("NCA", "ROCU", "MSOICU", "OTHER")),
                "shared_at": when,
                **self.stamps(when),
            }
        )
