"""The personnel file."""

from expectations.shared.current_records import nearly_all_records, refers_to
from expectations.shared.landing_suite import landing_suite
from expectations.shared.own_history import few_changed
from expectations.vocabulary import WARNING, Expectations


@landing_suite("hr/personnel")
def personnel() -> Expectations:
    """Everybody who works or has worked for the force."""
    return [
        nearly_all_records(
            "leaves_after_starting",
            "start_date <= leave_date",
            where="leave_date is not null",
            description="Nobody leaves before they start.",
            columns=("start_date", "leave_date"),
        ),
        nearly_all_records(
            "has_a_role",
            "role_code is not null and org_unit_code is not null",
            where="leave_date is null",
            description="Everybody in post has a role and a unit.",
            columns=("role_code", "org_unit_code"),
        ),
        nearly_all_records(
            "officers_have_a_number",
            "collar_no is not null",
            where="employment_type = 'OFFICER' and leave_date is null",
            description="Every officer in post has a collar number.",
            columns=("collar_no",),
        ),
        refers_to(
            "org_unit_code",
            "hr/org_unit",
            "org_unit_code",
            key="employee_no",
            description="Every person's unit is listed in the file of units.",
            severity=WARNING,
        ),
        few_changed(
            "collar_no",
            key="employee_no",
            description="Fewer than a fifth of people changed collar number since last published.",
        ),
        few_changed(
            "role_code",
            key="employee_no",
            description="Fewer than a fifth of people changed role since last published.",
        ),
        few_changed(
            "org_unit_code",
            key="employee_no",
            description="Fewer than a fifth of people changed unit since last published.",
        ),
    ]
