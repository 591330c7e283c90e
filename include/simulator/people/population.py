"""The people on the first simulated day: everybody in post, and people who left before."""

from collections.abc import Sequence
from datetime import date, timedelta

from simulator.chance import Chance, Stream
from simulator.organisation.posts import Post
from simulator.people.collars import Collars
from simulator.people.person import Absence, Person, Posting

FIRST_EMPLOYEE_NO = 2_311
# For each kind of long-term absence: the share of people who are absent for this reason on any day,
# and the median length of the absence in days.
ABSENCES = {
    "LONG_TERM_SICK": (0.016, 95),
    "MATERNITY": (0.012, 270),
    "CAREER_BREAK": (0.004, 300),
    "SECONDMENT": (0.009, 330),
}
YEARS_OF_SERVICE = {"OFFICER": 9.0, "STAFF": 7.0, "PCSO": 6.0, "SPECIAL": 3.0}
LONGEST_SERVICE = 29.0
DAYS_AT_SCHOOL = 22 * 7
YEAR = 365.25


class EmployeeNumbers:
    """Employee numbers in the order of appointment, with gaps. Numbers are never reused."""

    def __init__(self) -> None:
        self._last = FIRST_EMPLOYEE_NO

    def next_number(self, rng: Stream) -> str:
        """Return the next employee number: six digits with leading zeros."""
        self._last += rng.randint(1, 9)
        return f"{self._last:06d}"


def traits(rng: Stream) -> tuple[float, float]:
    """Draw two numbers for a person: diligence and keenness.

    Diligence affects the documents that the person writes. Keenness affects e-learning.
    """
    return rng.betavariate(5, 3), rng.random()


def founding_force(
    chance: Chance,
    posts: Sequence[Post],
    epoch: date,
    collars: Collars,
    numbers: EmployeeNumbers,
) -> list[tuple[Person, Post]]:
    """Return everybody in post on the first day, with their posts."""
    rng = chance.stream("population")
    starts = []
    for post in posts:
        if post.opens <= epoch:
            for place in range(post.size):
                served = _days_served(rng, post)
                starts.append((epoch - timedelta(days=served), post, place))
    # Employee numbers follow the order of appointment. People who were appointed on the same day
    # are in the order of their posts.
    starts.sort(key=lambda start: start[0])
    force = []
    for joined, post, place in starts:
        person = _member(rng, collars, numbers, joined, post, place)
        _begin_absent(rng, person, epoch)
        force.append((person, post))
    return force


def _days_served(rng: Stream, post: Post) -> int:
    if post.role == "STUDENT_OFFICER":
        return rng.randint(1, DAYS_AT_SCHOOL)
    years = rng.expovariate(1 / YEARS_OF_SERVICE[post.employment_type])
    return int(min(years, LONGEST_SERVICE) * YEAR) + 1


def _member(
    rng: Stream, collars: Collars, numbers: EmployeeNumbers, joined: date, post: Post, place: int
) -> Person:
    diligence, keenness = traits(rng)
    posting = Posting(
        since=joined,
        employment_type=post.employment_type,
        rank=post.ranks[place % len(post.ranks)],
        role=post.role,
        unit=post.unit,
        collar=collars.issue(post.employment_type, joined, rng),
        keyed_on=joined,
    )
    return Person(numbers.next_number(rng), joined, diligence, keenness, [posting])


def _begin_absent(rng: Stream, person: Person, epoch: date) -> None:
    """Give a few people a long-term absence that begins before the first day and ends later."""
    for kind, (share, median) in ABSENCES.items():
        if rng.happens(share):
            since = epoch - timedelta(days=rng.randint(1, median // 2))
            until = epoch + timedelta(days=rng.randint(5, median))
            if since > person.joined:
                person.absences.append(Absence(kind, since, until, since, until))
            return


def former_members(
    chance: Chance,
    posts: Sequence[Post],
    epoch: date,
    collars: Collars,
    numbers: EmployeeNumbers,
    count: int,
) -> list[Person]:
    """Return `count` people who left in the two years before the first simulated day.

    The personnel file still lists them. Their collar numbers can be issued again.
    """
    rng = chance.stream("former members")
    leavers = []
    open_posts = [post for post in posts if post.opens <= epoch]
    for place in range(count):
        left = epoch - timedelta(days=rng.randint(1, 730))
        joined = left - timedelta(days=rng.randint(200, 9000))
        person = _member(rng, collars, numbers, joined, rng.one_of(open_posts), place)
        person.left = person.left_keyed_on = left
        leavers.append(person)
    for person in leavers:
        last = person.postings[-1]
        if person.left is not None:
            collars.release(last.employment_type, last.collar, person.left)
    return leavers
