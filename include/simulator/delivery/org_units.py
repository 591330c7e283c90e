"""The structure of the organisation: a weekly file that lists all units and their parent units."""

from datetime import date

from simulator.chance import Chance
from simulator.delivery import personnel, text
from simulator.delivery.drops import Drop, Export, drops_of
from simulator.delivery.forms import TextForm, text_form
from simulator.moments import MONDAY
from simulator.organisation.units import units_on
from simulator.period import Period

DATASET = "hr/org_unit"
COLUMNS = ("org_unit_code", "org_unit_name", "parent_org_unit_code", "kind")
EXPORTED_AT = 4.1


def drops(chance: Chance, period: Period) -> list[Drop]:
    """Return the structure files that can be dropped in a period."""
    found: list[Drop] = []
    for day in period.due_days():
        if day.weekday() == MONDAY:
            found += drops_of(chance, _export(chance, day), safe=day <= period.first)
    return found


def _export(chance: Chance, day: date) -> Export:
    name = f"org_unit_{day:%Y%m%d}.csv"
    form = text_form(chance, DATASET, name)

    def content() -> bytes:
        rows = [(unit.code, unit.name, unit.parent_on(day), unit.kind) for unit in units_on(day)]
        return text.render(form, COLUMNS, rows, f"Organisation structure – {day:%d/%m/%Y}")

    def wrong_report() -> bytes:
        return text.render(TextForm(), personnel.COLUMNS, [], "")

    return Export(DATASET, day, name, EXPORTED_AT, form.name, content, wrong_report)
