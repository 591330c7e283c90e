"""The groups of MoPI (Management of Police Information), by which records are reviewed and kept.

A record's group follows from the offence that it is about. For each group, national guidance says
after how many years without a relevant contact (a clear period) the record is reviewed for the
first time, and within how many years a record that was kept is reviewed again:

- Group 1, public protection: reviewed every ten years. Such a record may be kept until its subject
  is a hundred years old.
- Group 2, other sexual, violent or serious offences: first after ten clear years, then every ten.
- Group 3, all other offences: first after six clear years, then every five.
- Group 4, everything else, such as undetected crime: kept for at least six years. The guidance
  names no period for the reviews that follow, so the same six years are used.

Source: College of Policing, Authorised Professional Practice, Information management, *Retention,
review and disposal* (www.college.police.uk/app), which follows the code of practice on police
information and records management. Guidance changes: the records manager of the force decides, and
`review_years` of a declaration replaces the period that is given here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class MopiGroup:
    """The periods of one group, in years."""

    first_review: int
    next_review: int


GROUPS = {
    1: MopiGroup(10, 10),
    2: MopiGroup(10, 10),
    3: MopiGroup(6, 5),
    4: MopiGroup(6, 6),
}
