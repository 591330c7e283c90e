"""Personnel."""

from expectations.landed import landed
from expectations.past import few_changed
from expectations.records import of_current, refers_to
from expectations.vocabulary import WARNING, Promises


@landed("hr/personnel")
def personnel() -> Promises:
    """Everybody who works or worked for the force."""
    return [
        of_current(
            "leaves_after_starting",
            "start_date <= leave_date",
            among="leave_date is not null",
            words="People leave after they started.",
            columns=("start_date", "leave_date"),
        ),
        of_current(
            "has_a_role",
            "role_code is not null and org_unit_code is not null",
            among="leave_date is null",
            words="Everybody in post has a role and a team.",
            columns=("role_code", "org_unit_code"),
        ),
        of_current(
            "officers_have_a_number",
            "collar_no is not null",
            among="employment_type = 'OFFICER' and leave_date is null",
            words="Every officer in post has a collar number.",
            columns=("collar_no",),
        ),
        refers_to(
            "org_unit_code",
            "hr/org_unit",
            "org_unit_code",
            key="employee_no",
            words="People work in units that the org-unit file knows.",
            severity=WARNING,
        ),
        few_changed(
            "collar_no",
            key="employee_no",
            words="Since what readers see, no fifth of all people got another collar number.",
        ),
        few_changed(
            "role_code",
            key="employee_no",
            words="Since what readers see, no fifth of all people got another role.",
        ),
        few_changed(
            "org_unit_code",
            key="employee_no",
            words="Since what readers see, no fifth of all people moved to another team.",
        ),
    ]
