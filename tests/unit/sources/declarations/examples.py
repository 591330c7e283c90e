"""Two valid declarations as examples, in which tests make a mistake and check the error."""

import pytest

from oic_assurance.sources.declarations.load import DeclarationError, parse

FILE = """\
dataset: safeguarding/referral
description: Referrals to a safeguarding hub.
kind: file
place: {folder: safeguarding/referral, file: referral_YYYYMMDD.csv, format: csv}
delivery: full
classification: law_enforcement
owner: Public protection
retention: {years: 6, basis: Reviewed after six years}
tables:
  - name: referral
    description: One referral.
    key: [referral_ref]
    columns:
      referral_ref: {type: text, required: true, description: The referral.}
      kind: {type: text, codes: [ADULT, CHILD], description: Whom it is about.}
      made_at: {type: timestamptz, description: When it was made.}
      persons: {type: integer, description: How many it is about.}
      closed_on: {type: date, required_when: {kind: [CHILD]}, description: When it was closed.}
"""
DATABASE = """\
dataset: safeguarding/visit
description: Visits that were made.
kind: database
place: {system: rms, schema: rms, table: visit}
delivery: changes
cursor: updated_at
classification: law_enforcement
owner: Public protection
retention: {years: 6, basis: Reviewed after six years}
tables:
  - name: visit
    description: One visit.
    key: [visit_id]
    columns:
      visit_id: {type: bigint, required: true, description: The visit.}
      outcome: {type: text, description: The outcome.}
      updated_at: {type: timestamptz, required: true, description: When it was last changed.}
"""
#: The file name of each example.
NAMES = {FILE: "safeguarding_referral.yml", DATABASE: "safeguarding_visit.yml"}

#: A mistake in an example, as a tuple: the example, the text to replace, the replacement, the line
#: number in the error, and a part of the error message.
Mistake = tuple[str, str, str, int, str]


def error_of(text: str, file: str) -> str:
    """Parse a declaration that has a mistake, and return the error message."""
    with pytest.raises(DeclarationError) as caught:
        parse(text, file)
    return caught.value.message


def check_mistake(mistake: Mistake) -> None:
    """Make a mistake in an example, and check the line and the message of the error."""
    text, old, new, line, expected = mistake
    assert old in text
    message = error_of(text.replace(old, new, 1), NAMES[text])
    assert message.startswith(f"{NAMES[text]}, line {line}: ")
    assert expected in message


def name_of(mistake: Mistake) -> str:
    """Return the name of the test case for a mistake: the beginning of the error message."""
    return mistake[4][:50]
