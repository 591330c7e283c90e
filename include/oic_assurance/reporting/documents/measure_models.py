"""Select the dbt models and unit tests that belong to a measure."""

import re
from collections.abc import Mapping

from oic_assurance.reporting.documents.measures import Measure
from oic_assurance.reporting.documents.models import DbtModel, UnitTest, ancestors

#: The models that turn records into figures, after the model in `Measure.relation`.
_COUNTED = ("contribution", "int_measure_month", "int_measure_record", "int_measure_record_by_unit")
_SHARE, _HOURS = "int_measure_share", "int_measure_hours"
_PUBLISHED = ("int_measure", "assurance_measure")


def models_of(measure: Measure, models: Mapping[str, DbtModel]) -> list[DbtModel]:
    """Return the models that compute a measure, each after those that it reads.

    The models of other measures, which `contribution` reads too, are left out.
    """
    deciding = ancestors(models, [measure.relation])
    by_unit = _HOURS if measure.unit == "hours" else _SHARE
    return [*deciding, *(models[name] for name in (*_COUNTED, by_unit, *_PUBLISHED))]


def unit_tests_of(measure: Measure, model: DbtModel) -> list[UnitTest]:
    """Return the unit tests of a model that are about a measure.

    These are the tests that expect rows of the measure, and the tests that name no measure. If no
    test of the model is about the measure, all are returned.
    """
    about = [test for test in model.unit_tests if _is_about(test, measure.code)]
    return about or list(model.unit_tests)


def _is_about(test: UnitTest, code: str) -> bool:
    rows = test.expected if "measure_code" in test.expected else test.given
    return "measure_code" not in rows or re.search(rf"\b{code}\b", rows) is not None
