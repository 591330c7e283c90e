"""Users see an error as one line."""

from oic_assurance.errors import AssuranceError, DeliveryRefused, UnknownNameError


def test_a_message_is_one_line() -> None:
    error = AssuranceError("first line\n   second\tline ")
    assert error.message == str(error) == "first line second line"
    assert isinstance(DeliveryRefused("refused"), AssuranceError)


def test_an_unknown_name_says_which_names_there_are_if_there_are_any() -> None:
    some = UnknownNameError("class", "LATE", ["LATER"], "of records")
    assert some.message == (
        "There is no class 'LATE' of records. Did you mean 'LATER'? Choose one of LATER."
    )
    none = UnknownNameError("class", "LATE", [], "of records")
    assert none.message == "There is no class 'LATE' of records."
