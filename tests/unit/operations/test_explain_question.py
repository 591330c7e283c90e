"""A question of an earlier publication is explained with the policy of today."""

from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.operations.explain.question import explain_question


def test_a_question_whose_rule_left_the_policy_is_one_line() -> None:
    row = {"rule_code": "OLD_RULE", "org_unit_code": "T07", "numerator": 1, "denominator": 2}
    records = Mock(
        publication=SimpleNamespace(publication_id=7, as_at=datetime(2026, 5, 1, 4, 30, tzinfo=UTC))
    )
    records.ask.side_effect = lambda query, values: [row] if "mart_board_question" in query else []
    with pytest.raises(AssuranceError, match="does not have the rule OLD_RULE for 2026-05-01"):
        explain_question(records, "OLD_RULE")
