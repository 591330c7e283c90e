"""The posts of each team, by employment type, role and rank."""

from dataclasses import dataclass, replace
from datetime import date

from simulator.organisation.units import (
    NEW_TEAM_OPENS,
    SHIFT_TEAMS,
    TERRITORIES,
    neighbourhood_teams,
    response_team,
)

RESPONSE_CONSTABLES = {"D1": 22, "D2": 12, "D3": 16, "D4": 14}
# The roles that must complete the four e-learning modules. Some of these roles must also complete
# Hydra.
ELEARNING_ROLES = frozenset(
    {
        "RESPONSE",
        "RESPONSE_SUPERVISOR",
        "ROADS_POLICING",
        "NEIGHBOURHOOD",
        "CUSTODY",
        "CONTROL_ROOM",
        "INTELLIGENCE",
    }
)
HYDRA_ROLES = frozenset({"RESPONSE_SUPERVISOR", "CONTROL_ROOM", "INTELLIGENCE"})


@dataclass(frozen=True)
class Post:
    """The posts of one role in one team."""

    employment_type: str
    role: str
    unit: str
    size: int
    ranks: tuple[str, ...]
    opens: date = date.min


def _territory(district: str) -> list[Post]:
    posts = []
    for letter in SHIFT_TEAMS:
        team = response_team(district, letter)
        constables = RESPONSE_CONSTABLES[district]
        posts.append(Post("OFFICER", "RESPONSE", team, constables, ("PC",)))
        posts.append(Post("OFFICER", "RESPONSE_SUPERVISOR", team, 3, ("PS", "PS", "INSP")))
    for team in neighbourhood_teams(district):
        posts.append(Post("OFFICER", "NEIGHBOURHOOD", team, 13, ("PC", "PC", "PC", "PC", "PS")))
        posts.append(Post("PCSO", "COMMUNITY_SUPPORT", team, 11, ("PCSO",)))
        posts.append(Post("SPECIAL", "SPECIAL_CONSTABLE", team, 9, ("SC",)))
    posts.append(Post("OFFICER", "INVESTIGATION", f"{district}-CID", 60, ("DC", "DC", "DC", "DS")))
    return posts


def _officers() -> list[Post]:
    detectives = ("DC", "DC", "DC", "DS")
    constables = ("PC", "PC", "PC", "PC", "PS")
    return [
        Post("OFFICER", "ROADS_POLICING", "ROADS-N", 20, constables),
        Post("OFFICER", "ROADS_POLICING", "ROADS-S", 20, constables),
        Post("OFFICER", "FIREARMS", "ARV", 60, constables),
        Post("OFFICER", "DOG_HANDLER", "DOGS", 20, constables),
        Post("OFFICER", "CUSTODY", "CUST-N", 6, ("PS", "PS", "INSP")),
        Post("OFFICER", "CUSTODY", "CUST-S", 6, ("PS", "PS", "INSP")),
        Post("OFFICER", "CASE_MANAGEMENT", "CASE", 20, constables),
        Post("OFFICER", "INTELLIGENCE", "FIB", 6, detectives),
        Post("OFFICER", "INTELLIGENCE", "FIELD", 18, detectives),
        Post("OFFICER", "INTELLIGENCE", "ICD", 6, detectives, NEW_TEAM_OPENS),
        Post("OFFICER", "MAJOR_CRIME", "MAJOR", 80, detectives),
        Post("OFFICER", "ORGANISED_CRIME", "ORGCRIME", 80, detectives),
        Post("OFFICER", "ECONOMIC_CRIME", "ECON", 25, detectives),
        Post("OFFICER", "REGIONAL_UNIT", "REGION", 40, detectives),
        Post("OFFICER", "SAFEGUARDING", "MSEX", 25, detectives),
        Post("OFFICER", "SAFEGUARDING", "CHILD", 90, detectives),
        Post("OFFICER", "SAFEGUARDING", "DOMAB", 90, detectives),
        Post("OFFICER", "TRAINER", "LEARN", 20, constables),
        Post("OFFICER", "STUDENT_OFFICER", "RECRUIT", 80, ("PC",)),
        Post("OFFICER", "PROFESSIONAL_STANDARDS", "PSD", 20, ("DS", "DI")),
        Post("OFFICER", "PLANNING", "PLANNING", 30, ("PS", "INSP")),
    ]


def _staff() -> list[Post]:
    sizes = {
        ("CASE_WORKER", "CASE"): 90,
        ("CRIME_RECORDER", "CMU"): 120,
        ("FRONT_COUNTER", "FRONT"): 60,
        ("SAFEGUARDING_OFFICER", "MASH"): 70,
        ("FINANCIAL_INVESTIGATOR", "ECON"): 15,
        ("TRAINING_OFFICER", "LEARN"): 60,
        ("HR_ADVISER", "HR"): 60,
        ("STANDARDS_INVESTIGATOR", "PSD"): 30,
        ("TECHNOLOGIST", "DIGITAL"): 110,
        ("ESTATES_OFFICER", "ESTATES"): 120,
        ("FINANCE_OFFICER", "FINANCE"): 50,
        ("FORENSIC_OFFICER", "FORENSIC"): 60,
        ("CUSTODY", "CUST-N"): 12,
        ("CUSTODY", "CUST-S"): 12,
        ("INTELLIGENCE", "FIB"): 24,
    }
    for letter in SHIFT_TEAMS:
        sizes["CONTROL_ROOM", f"FCR-{letter}"] = 22
    grades = ("SCALE 4", "SCALE 5", "SCALE 6", "SO1")
    return [Post("STAFF", role, unit, size, grades) for (role, unit), size in sizes.items()]


POSTS: tuple[Post, ...] = (
    *(post for district in TERRITORIES for post in _territory(district)),
    *_officers(),
    *_staff(),
)


def posts_of(size: float) -> tuple[Post, ...]:
    """Return the posts of a force of some size. A force of size 1 has `POSTS`.

    Each team has as many times the posts, rounded, but at least one of each kind.
    """
    return tuple(replace(post, size=max(1, round(post.size * size))) for post in POSTS)
