"""Careers: people join, move, are absent, return and leave, day by day."""

from collections import defaultdict
from datetime import date, timedelta

from simulator.chance import Chance, Stream
from simulator.moments import DAY, MONDAY, next_weekday
from simulator.organisation.posts import Post, posts_of
from simulator.people import population
from simulator.people.collars import Collars
from simulator.people.person import Absence, Person, Posting

LEAVING_A_YEAR = {"OFFICER": 0.075, "STAFF": 0.12, "PCSO": 0.13, "SPECIAL": 0.2}
VACANCY_FILLED_A_WEEK = 0.3
SWAPS_A_WEEK = 1.6
FORMER_MEMBERS = 170
INTAKE_MONTHS = (1, 3, 5, 7, 9, 11)
TRAINING = timedelta(days=population.DAYS_AT_SCHOOL)
CONVERTS_AN_INTAKE = 2
PROMOTED_FROM = ("RESPONSE", "NEIGHBOURHOOD")
KEYED_AHEAD_DAYS = 14


class Careers:
    """The careers of all people, which are simulated some months ahead of all other events."""

    def __init__(self, chance: Chance, epoch: date, size: float = 1.0) -> None:
        self._chance = chance
        self._size = size
        self._posts = posts_of(size)
        self._collars = Collars()
        self._numbers = population.EmployeeNumbers()
        # The roster's changes, keyed by day: from that day on, the person works in the unit. None
        # means that the person does not work.
        self.presence: dict[date, list[tuple[Person, str | None]]] = defaultdict(list)
        self.people = population.former_members(
            chance,
            self._posts,
            epoch,
            self._collars,
            self._numbers,
            round(FORMER_MEMBERS * size),
        )
        self._serving: list[Person] = []
        self._post_of: dict[str, Post] = {}
        self._filled: dict[Post, int] = dict.fromkeys(self._posts, 0)
        self._leaving_on: dict[date, list[Post]] = defaultdict(list)
        self._graduating_on: dict[date, list[Person]] = defaultdict(list)
        self._simulated_until = epoch - DAY
        founders = population.founding_force(
            chance, self._posts, epoch, self._collars, self._numbers
        )
        self.founders = [person for person, _ in founders]
        for person, post in founders:
            self._place(person, post, epoch)
            for absence in person.absences:
                self._record_absence(person, absence, epoch)
        self._enrol_students(self.founders, epoch)

    def advance(self, until: date) -> None:
        """Simulate until a day, included."""
        while self._simulated_until < until:
            self._simulated_until += DAY
            self._simulate_day(self._simulated_until)

    def _simulate_day(self, day: date) -> None:
        rng = self._chance.stream("careers", day)
        for post in self._leaving_on.pop(day, ()):
            self._filled[post] -= 1
        self._draw_leavers(day, rng)
        self._begin_absences(day, rng)
        for student in self._graduating_on.pop(day, ()):
            self._graduate(student, day, rng)
        if day.weekday() == MONDAY:
            self._fill_vacancies(day, rng)
            self._swap(day, rng)
            if day.month in INTAKE_MONTHS and day.day <= 7:
                self._recruit(day, rng)

    # --- joining -------------------------------------------------------------------------------

    def _place(self, person: Person, post: Post, day: date) -> None:
        self.people.append(person)
        self._serving.append(person)
        self._post_of[person.employee_no] = post
        self._filled[post] += 1
        self.presence[max(day, person.joined)].append((person, post.unit))

    def _appoint(self, post: Post, joined: date, rng: Stream) -> Person:
        late = rng.happens(0.12)
        keyed_on = joined + rng.randint(1, 5) * DAY if late else joined - rng.randint(1, 14) * DAY
        posting = Posting(
            joined,
            post.employment_type,
            post.ranks[0],
            post.role,
            post.unit,
            self._collars.issue(post.employment_type, joined, rng),
            keyed_on,
        )
        number = self._numbers.next_number(rng)
        person = Person(number, joined, *population.traits(rng), [posting])
        self._place(person, post, joined)
        return person

    def _recruit(self, day: date, rng: Stream) -> None:
        """Recruit a student officer for each vacant officer post.

        A few of the recruits are PCSOs of the force.
        """
        school = next(post for post in self._posts if post.role == "STUDENT_OFFICER")
        officers = [post for post in self._posts if post.employment_type == "OFFICER"]
        wanted = sum(post.size - self._filled[post] for post in officers if post.opens <= day)
        recruits = []
        pcsos = [p for p in self._serving if self._kind(p) == "PCSO" and p.is_working(day)]
        for person in rng.sample(pcsos, min(CONVERTS_AN_INTAKE, len(pcsos), max(wanted, 0))):
            self._move(person, school, day, rng, new_collar=True)
            recruits.append(person)
        recruits += [self._appoint(school, day, rng) for _ in range(wanted - len(recruits))]
        self._enrol_students(recruits, day)

    def _enrol_students(self, people: list[Person], day: date) -> None:
        for person in people:
            if self._post_of[person.employee_no].role == "STUDENT_OFFICER":
                # The training starts with the posting as a student officer. `joined` can be much
                # earlier, because a PCSO can become a student officer.
                started = max(person.postings[-1].since, person.joined)
                self._graduating_on[max(started + TRAINING, day + DAY)].append(person)

    def _graduate(self, student: Person, day: date, rng: Stream) -> None:
        if not student.is_in_post(day) or student not in self._serving:
            return
        teams = [post for post in self._posts if post.role == "RESPONSE"]
        emptiest = max(teams, key=lambda post: (post.size - self._filled[post]) / post.size)
        self._move(student, emptiest, day, rng)

    # --- moving --------------------------------------------------------------------------------

    def _kind(self, person: Person) -> str:
        return self._post_of[person.employee_no].employment_type

    def _move(
        self, person: Person, post: Post, day: date, rng: Stream, *, new_collar: bool = False
    ) -> None:
        before = person.postings[-1]
        collar = before.collar
        if new_collar:
            self._collars.release(before.employment_type, collar, day - DAY)
            collar = self._collars.issue(post.employment_type, day, rng)
        late = rng.happens(0.25)
        keyed_on = day + rng.randint(1, 10) * DAY if late else day - rng.randint(1, 3) * DAY
        promoted = post.role == "RESPONSE_SUPERVISOR" or new_collar or post.role == "INVESTIGATION"
        rank = post.ranks[0] if promoted or before.rank not in post.ranks else before.rank
        person.postings.append(
            Posting(day, post.employment_type, rank, post.role, post.unit, collar, keyed_on)
        )
        self._filled[self._post_of[person.employee_no]] -= 1
        self._filled[post] += 1
        self._post_of[person.employee_no] = post
        if person.absence_on(day) is None:
            self.presence[day].append((person, post.unit))

    def _fill_vacancies(self, day: date, rng: Stream) -> None:
        for post in self._posts:
            if post.opens > day or post.role in ("STUDENT_OFFICER", "RESPONSE"):
                continue
            for _ in range(post.size - self._filled[post]):
                if not rng.happens(VACANCY_FILLED_A_WEEK):
                    continue
                if post.employment_type == "OFFICER":
                    self._fill_from_within(post, day, rng)
                else:
                    self._appoint(post, day + rng.randint(7, 14) * DAY, rng)

    def _fill_from_within(self, post: Post, day: date, rng: Stream) -> None:
        promoted = post.role == "RESPONSE_SUPERVISOR"
        sources = PROMOTED_FROM if promoted else ("RESPONSE",)
        experience = timedelta(days=1100 if promoted else 600)
        candidates = [
            person
            for person in self._serving
            if self._post_of[person.employee_no].role in sources
            and person.joined + experience <= day
            and person.postings[-1].since + timedelta(days=120) <= day
            and person.absence_on(day) is None
        ]
        if candidates:
            self._move(rng.one_of(candidates), post, day, rng)

    def _swap(self, day: date, rng: Stream) -> None:
        """Swap the posts of some people with people of the same role in other teams."""
        for _ in range(rng.poisson(SWAPS_A_WEEK * self._size)):
            one = rng.one_of(self._serving)
            post = self._post_of[one.employee_no]
            others = [
                person
                for person in self._serving
                if self._post_of[person.employee_no].role == post.role
                and self._post_of[person.employee_no] is not post
                and self._kind(person) == post.employment_type
                and person.postings[-1].since < day
            ]
            if others and one.postings[-1].since < day:
                other = rng.one_of(others)
                theirs = self._post_of[other.employee_no]
                self._move(one, theirs, day, rng)
                self._move(other, post, day, rng)

    # --- absences and leaving ------------------------------------------------------------------

    def _draw_leavers(self, day: date, rng: Stream) -> None:
        for kind, yearly in LEAVING_A_YEAR.items():
            serving = [p for p in self._serving if self._kind(p) == kind and p.joined <= day]
            for _ in range(rng.poisson(len(serving) * yearly / 365)):
                self._leave(rng.one_of(serving), day, rng)

    def _leave(self, person: Person, day: date, rng: Stream) -> None:
        if person.left is not None:
            return
        person.left = next_weekday(day + rng.randint(14, 60) * DAY)
        late = rng.happens(0.1)
        lag = rng.randint(1, 8) if late else -rng.randint(1, KEYED_AHEAD_DAYS)
        person.left_keyed_on = person.left + lag * DAY
        last = person.postings[-1]
        self._serving.remove(person)
        self._collars.release(last.employment_type, last.collar, person.left)
        self._leaving_on[person.left + DAY].append(self._post_of[person.employee_no])
        self.presence[person.left + DAY].append((person, None))

    def _begin_absences(self, day: date, rng: Stream) -> None:
        for kind, (share, median) in population.ABSENCES.items():
            for _ in range(rng.poisson(len(self._serving) * share / (1.12 * median))):
                person = rng.one_of(self._serving)
                if any(absence.until > day for absence in person.absences) or person.joined >= day:
                    continue
                length = max(28, int(rng.log_normal(median, 0.45)))
                until = day + length * DAY
                absence = Absence(
                    kind,
                    day,
                    until,
                    day + rng.randint(0, 3) * DAY,
                    until + rng.randint(-1, 3) * DAY,
                )
                person.absences.append(absence)
                self._record_absence(person, absence, day)

    def _record_absence(self, person: Person, absence: Absence, day: date) -> None:
        self.presence[max(day, absence.since)].append((person, None))
        # The team may have changed by the day of return, so the unit is left blank here. The roster
        # then looks up the team in the person's postings.
        self.presence[absence.until].append((person, ""))
