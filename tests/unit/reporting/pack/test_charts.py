"""The words of the pack's charts."""

from typing import Any

from oic_assurance.reporting.pack.charts import exceptions_by_age


def counted(code: str, age: str, exceptions: int, people: int | None) -> dict[str, Any]:
    return {"exception_code": code, "age_band": age, "exceptions": exceptions, "people": people}


def test_modules_that_one_officer_lacks_are_told_with_the_number_of_officers() -> None:
    picture = exceptions_by_age(
        [
            counted("TRAINING_OUTSTANDING", "2-7", 20, 3),
            counted("TRAINING_OUTSTANDING", "over 28", 60, 26),
            counted("HYDRA_PLACE_MISSING", "over 28", 4, 4),
        ]
    )
    assert picture.text == (
        "84 open exceptions of all months, 64 of them older than four weeks. "
        "Training outstanding: 80 for 29 officers."
    )


def test_a_publication_that_does_not_count_the_officers_says_nothing_of_them() -> None:
    picture = exceptions_by_age([counted("TRAINING_OUTSTANDING", "2-7", 20, None)])
    assert picture.text == "20 open exceptions of all months, 0 of them older than four weeks."
