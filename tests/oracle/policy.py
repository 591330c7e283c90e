"""The contract's default policy. The contract says: "Outside tests assume these defaults"."""

from __future__ import annotations

from datetime import date, timedelta

TIMELY = timedelta(hours=24)
GRACE = timedelta(hours=72)
BEFORE_CALL = timedelta(hours=24)
TRAINING_TARGET = 0.95
TARGETS = {"NCCU_INTEL": 1.0, "INTEL_PLAN": 3.0, "HYDRA": 0.95, "ELEARNING": 0.95}
#: The second reading of each point. Contract: "NCCU_INTEL: all types; training: with the long-term
#: absent; plans: null".
SECOND_READINGS = {
    "NCCU_INTEL": "nccu_intel_compliance_all_types",
    "INTEL_PLAN": None,
    "HYDRA": "hydra_completion_incl_absent",
    "ELEARNING": "elearning_completion_incl_absent",
}
REQUIRED_TYPES = ("NCCU_INTEL",)
LONG_TERM = ("LONG_TERM_SICK", "MATERNITY", "CAREER_BREAK", "SECONDMENT")
HYDRA_ROLES = ("RESPONSE_SUPERVISOR", "CONTROL_ROOM", "INTELLIGENCE")
ELEARNING_ROLES = (
    "RESPONSE",
    "RESPONSE_SUPERVISOR",
    "ROADS_POLICING",
    "NEIGHBOURHOOD",
    "CUSTODY",
    "CONTROL_ROOM",
    "INTELLIGENCE",
)
MODULES = ("OIC-EL-1", "OIC-EL-2", "OIC-EL-3", "OIC-EL-4")
MODULE_VERSION = "1"
MODULE_LAUNCH = date(2025, 6, 1)
HYDRA_LAUNCH = date(2025, 9, 1)
FIRST_MONTH = date(2025, 1, 1)
STRANDS = ("COLLECT", "ANALYSE", "SHARE")
DEADLINES = {
    "NCCU_INTEL": None,
    "INTEL_PLAN": date(2025, 12, 31),
    "HYDRA": date(2026, 4, 30),
    "ELEARNING": date(2026, 4, 30),
}
LAUNCHES = {
    "NCCU_INTEL": FIRST_MONTH,
    "INTEL_PLAN": FIRST_MONTH,
    "HYDRA": HYDRA_LAUNCH,
    "ELEARNING": MODULE_LAUNCH,
}
RESTS_ON = {
    "NCCU_INTEL": ("rms", "intelligence", "hr/personnel"),
    "INTEL_PLAN": ("governance/plans",),
    "HYDRA": ("hr/personnel", "hydra/attendance"),
    "ELEARNING": ("hr/personnel", "lms/completions"),
}
STALE_AFTER = {
    "rms": 1,
    "intelligence": 1,
    "hr/personnel": 2,
    "hr/org_unit": 8,
    "lms/completions": 2,
    "hydra/attendance": 8,
    "governance/plans": 35,
    "governance/recommendations": 35,
    "governance/board": 35,
}
# "no folder, no dataset"
OPTIONAL = frozenset({"governance/board"})
Z = 1.959964
