"""Numbers are the same on Spark as on PostgreSQL, also those halfway between two others."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import jinja2
import pytest

from oic_assurance.builds.spark.folder import Folder
from oic_assurance.builds.spark.session import spark_session
from oic_assurance.settings import PROJECT_ROOT, load_settings
from oic_assurance.storage.urls import open_url

pytestmark = pytest.mark.slow

TYPES = PROJECT_ROOT / "dbt_project" / "macros" / "dialect" / "types.sql"
LARGEST = 400
#: Shares, hours, tiny and large numbers, and exact ties such as 2 to the power of -17.
SHARES = f"""
    select cast(a as double) / b as x
    from (select explode(sequence(1, {LARGEST})) as b)
    cross join lateral (select explode(sequence(0, b)) as a)
"""
OTHERS = """
    select cast(n as double) / 3600 from range(200000) as hours (n)
    union all select power(2D, -n) from range(70) as small (n)
    union all select -power(3D, n) / 7 from range(30) as negative (n)
    union all select n * power(2D, -17) from range(1, 5000) as ties (n)
    union all select cast(x as double) from values
        ('1e-7'), ('-1e-12'), ('123456789012345.65'), ('0.9999999999999999'), ('-0.0') as odd (x)
"""


def by_postgresql(value: float) -> Decimal:
    """Return what PostgreSQL makes of a double: 15 digits of it, and of these 15 places."""
    return Decimal(f"{value:.15g}").quantize(Decimal("1e-15"), ROUND_HALF_UP, Context(60))


def test_a_double_has_the_same_fifteen_digits_as_on_postgresql(tmp_path: Path) -> None:
    macros = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(TYPES.read_text()).module
    expression = macros.spark__as_decimal("x", 15)  # type: ignore[attr-defined]
    settings = replace(load_settings(), home=tmp_path, spark_master="local[2]")
    url = f"file://{tmp_path}"
    folder = Folder(url, *open_url(url), scratch=tmp_path)
    with spark_session(settings, folder) as session:
        rows = session.sql(f"select x, {expression} from ({SHARES} union all {OTHERS})").collect()
        (none,) = session.sql(
            f"select {expression} from (select cast(null as double) as x)"
        ).first()
    assert none is None
    assert len(rows) > 280_000
    wrong = [(x, found) for x, found in rows if found != by_postgresql(x)]
    assert wrong == []
