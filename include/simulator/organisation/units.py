"""Organisational units: force, directorates, districts and teams. Some units change over time."""

from dataclasses import dataclass
from datetime import date

FORCE = "NP"
# The four territorial districts. An occurrence has the code of one of them.
TERRITORIES = {
    "D1": "Northampton",
    "D2": "Daventry and South Northamptonshire",
    "D3": "Kettering and Corby",
    "D4": "Wellingborough and East Northamptonshire",
}
RESPONSE_BASES = {"D1": "Northampton", "D2": "Daventry", "D3": "Kettering", "D4": "Wellingborough"}
NEIGHBOURHOODS = {
    "D1": ("Northampton Central", "Northampton East", "Northampton West"),
    "D2": ("Daventry", "Towcester – Brackley"),
    "D3": ("Kettering", "Corby"),
    "D4": ("Wellingborough", "Rushden – Oundle"),
}
# The letters of the five teams in which response officers and control room staff work round the
# clock. Each district has its own five response teams.
SHIFT_TEAMS = "ABCDE"

DIRECTORATES = {
    "DIR-LP": "Local Policing",
    "DIR-OPS": "Operations and Contact",
    "DIR-CI": "Crime and Intelligence",
    "DIR-ES": "Enabling Services",
}
# Departments are on the same level as districts.
DEPARTMENTS = {
    "ROADS": ("Roads and Armed Policing", "DIR-OPS"),
    "CONTACT": ("Contact and Control", "DIR-OPS"),
    "CJ": ("Custody and Criminal Justice", "DIR-OPS"),
    "INTEL": ("Intelligence", "DIR-CI"),
    "SOC": ("Serious and Organised Crime", "DIR-CI"),
    "PP": ("Public Protection", "DIR-CI"),
    "PEOPLE": ("People and Learning", "DIR-ES"),
    "CORP": ("Corporate Services", "DIR-ES"),
}
DEPARTMENT_TEAMS = {
    "ROADS": {
        "ROADS-N": "Roads Policing North",
        "ROADS-S": "Roads Policing South",
        "ARV": "Armed Response",
        "DOGS": "Dog Section",
    },
    "CONTACT": {
        **{f"FCR-{letter}": f"Force Control Room {letter}" for letter in SHIFT_TEAMS},
        "CMU": "Crime Management Unit",
        "FRONT": "Front Counters",
    },
    "CJ": {
        "CUST-N": "Weekley Wood Custody",
        "CUST-S": "Brackmills Custody",
        "CASE": "Case Management",
    },
    "INTEL": {
        "FIB": "Force Intelligence Bureau",
        "FIELD": "Field Intelligence",
        "ICD": "Immigration Crime Desk",
    },
    "SOC": {
        "MAJOR": "Major Crime",
        "ORGCRIME": "Organised Crime",
        "ECON": "Economic Crime",
        "REGION": "Regional Secondments",
    },
    "PP": {
        "MSEX": "Modern Slavery and Exploitation",
        "CHILD": "Child Protection",
        "DOMAB": "Domestic Abuse",
        "MASH": "Safeguarding Hub",
    },
    "PEOPLE": {
        "RECRUIT": "Recruit Training",
        "LEARN": "Learning and Development",
        "HR": "Human Resources",
    },
    "CORP": {
        "PSD": "Professional Standards",
        "DIGITAL": "Digital and Technology",
        "ESTATES": "Estates and Fleet",
        "FINANCE": "Finance and Procurement",
        "FORENSIC": "Scientific Support",
        "PLANNING": "Operations Planning",
    },
}
NEW_TEAM = "ICD"
NEW_TEAM_OPENS = date(2026, 1, 12)
MOVED_TEAM = "D4-NH-2"
MOVED_TEAM_TO = "D3"
MOVED_ON = date(2026, 4, 6)


@dataclass(frozen=True)
class Unit:
    """One organisational unit. `parents` has each parent unit and its first day as the parent."""

    code: str
    name: str
    kind: str
    parents: tuple[tuple[date, str], ...]

    @property
    def opens(self) -> date:
        """The first day on which the unit exists."""
        return self.parents[0][0]

    def parent_on(self, day: date) -> str:
        """Return the parent unit on a day."""
        return [parent for since, parent in self.parents if since <= day][-1]


def _all_units() -> tuple[Unit, ...]:
    always = date.min

    def unit(code: str, name: str, kind: str, parent: str) -> Unit:
        opens = NEW_TEAM_OPENS if code == NEW_TEAM else always
        parents = [(opens, parent)]
        if code == MOVED_TEAM:
            parents.append((MOVED_ON, MOVED_TEAM_TO))
        return Unit(code, name, kind, tuple(parents))

    units = [unit(FORCE, "Northamptonshire Police", "FORCE", "")]
    units += [unit(code, name, "DIRECTORATE", FORCE) for code, name in DIRECTORATES.items()]
    units += [unit(code, name, "DISTRICT", "DIR-LP") for code, name in TERRITORIES.items()]
    units += [unit(code, name, "DISTRICT", above) for code, (name, above) in DEPARTMENTS.items()]
    for district, base in RESPONSE_BASES.items():
        for letter in SHIFT_TEAMS:
            code = response_team(district, letter)
            units.append(unit(code, f"{base} Response {letter}", "TEAM", district))
        for code, name in neighbourhood_teams(district).items():
            units.append(unit(code, f"{name} Neighbourhood", "TEAM", district))
        units.append(unit(f"{district}-CID", f"{base} Investigation", "TEAM", district))
    for department, teams in DEPARTMENT_TEAMS.items():
        units += [unit(code, name, "TEAM", department) for code, name in teams.items()]
    return tuple(units)


def response_team(district: str, letter: str) -> str:
    """Return the code of a district's response team."""
    return f"{district}-RESP-{letter}"


def neighbourhood_teams(district: str) -> dict[str, str]:
    """Return the codes and names of a district's neighbourhood teams."""
    names = NEIGHBOURHOODS[district]
    return {f"{district}-NH-{number}": name for number, name in enumerate(names, start=1)}


UNITS = _all_units()


def units_on(day: date) -> list[Unit]:
    """Return the units that exist on a day."""
    return [unit for unit in UNITS if unit.opens <= day]
