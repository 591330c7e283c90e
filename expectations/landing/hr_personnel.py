"""The personnel file."""

from expectations.shared.current_records import nearly_all_records, refers_to
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import WARNING, Expectations, no_rows

# The query finds units with five or more people in post that the org-unit file does not list. For
# example, this happens if a unit gets a new code only in the personnel file.
_UNITS_NOT_LISTED = """
select person.org_unit_code, count(*) as people
from {current} as person
left join (
    select distinct on (unit.force_code, unit.row_key) unit.force_code, unit.org_unit_code
    from {raw_general}.org_unit as unit
    where unit.batch_id <= {known_batch_id}
    order by unit.force_code, unit.row_key, unit.version_at desc, unit.batch_id desc
) as listed
    on person.force_code = listed.force_code and person.org_unit_code = listed.org_unit_code
where person.org_unit_code is not null
    and person.leave_date is null
    and listed.org_unit_code is null
group by person.org_unit_code
having count(*) >= 5
"""


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
            description="Every person's unit is listed in the org-unit file.",
            severity=WARNING,
        ),
        no_rows(
            "units_listed",
            _UNITS_NOT_LISTED,
            description="No unit of five or more people in post is missing from the org-unit file.",
            columns=("org_unit_code",),
            dimension="integrity",
            severity=WARNING,
        ),
    ]
