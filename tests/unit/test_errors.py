"""Users see an error as one line."""

from oic_assurance.errors import AssuranceError, DeliveryRefused


def test_a_message_is_one_line() -> None:
    error = AssuranceError("first line\n   second\tline ")
    assert error.message == str(error) == "first line second line"
    assert isinstance(DeliveryRefused("refused"), AssuranceError)
