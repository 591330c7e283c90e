"""The expectation that a reporting force is a listed one, for every suite of this folder."""

from expectations.vocabulary import WARNING, Expectation, no_rows

_UNKNOWN_FORCES = """
select distinct record.reporting_force_code
from {current} as record
where record.reporting_force_code not in (select force_code from {policy}.national_force)
"""


def known_force() -> Expectation:
    """Expect that each force is one of the seed's. The figures of another force are not used."""
    return no_rows(
        "force_known",
        _UNKNOWN_FORCES,
        description="Every force that reports is one of the listed forces.",
        columns=("reporting_force_code",),
        dimension="integrity",
        severity=WARNING,
    )
