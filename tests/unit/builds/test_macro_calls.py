"""A call of a macro with too few arguments is an error that says where and what is missing."""

from pathlib import Path

import pytest

from oic_assurance.builds.macro_calls import check_macro_calls
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import load_settings

SHARE = "{% macro share(numerator, denominator, digits=2) %}{% endmacro %}"
DISPATCHED = """{% macro average(column) %}
    {{ return(adapter.dispatch("average", "oic_assurance")(column)) }}
{% endmacro %}
{% macro default__average(column) %}{% endmacro %}
{% macro postgres__average(column, order_by) %}{% endmacro %}
"""


def check(folder: Path, model: str, macros: str = SHARE) -> None:
    for name, text in {"macros/all.sql": macros, "models/a_model.sql": model}.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
    check_macro_calls(folder)


def test_every_macro_of_the_project_is_called_with_all_its_arguments() -> None:
    check_macro_calls(load_settings().project_root / "dbt_project")


@pytest.mark.parametrize(
    ("call", "lacks"),
    [
        ("share('a')", "denominator"),
        ("oic_assurance.share(digits=1)", "numerator, denominator"),
        ("cast(share(denominator='b') ~ '')", "numerator"),
    ],
)
def test_a_missing_argument_is_named_with_its_line(tmp_path: Path, call: str, lacks: str) -> None:
    with pytest.raises(AssuranceError) as caught:
        check(tmp_path, "select\n    {{ " + call + " }} as value\n")
    place = f"{tmp_path.name}/models/a_model.sql, line 2"
    assert caught.value.message == f"{place}: the call of the macro share lacks {lacks}."


def test_a_call_through_dispatch_must_suit_each_database(tmp_path: Path) -> None:
    with pytest.raises(AssuranceError, match=r"line 2: .* macro postgres__average lacks order_by"):
        check(tmp_path, "select 1", DISPATCHED)


@pytest.mark.parametrize(
    "call", ["share('a', 'b')", "share('a', denominator='b')", "share(*both)", "dbt.datediff('a')"]
)
def test_what_may_be_left_out_or_is_not_known_is_no_mistake(tmp_path: Path, call: str) -> None:
    check(tmp_path, "select {{ " + call + " }}")
