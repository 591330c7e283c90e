"""Disclosure control in plain Python: compute the figures that each release shows.

The rule is in docs/explanation/disclosure-control.md. A figure is a pair (numerator, rest). The
numerator counts the records that are as they should be, and the rest counts all others. Numbers
from 1 to k - 1 are too small to be shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Figure = tuple[int, int]
#: A period: its first and its last month, as positions in the list of months.
Period = tuple[int, int]
ALL = "ALL"


def may_be_shown(figure: Figure, k: int) -> bool:
    """Return whether a figure may be shown: neither of its numbers is between 1 and k - 1."""
    return all(number == 0 or number >= k for number in figure)


def may_follow(figure: Figure, before: Figure, k: int, *, of_people: bool) -> bool:
    """Return whether a figure may be released after the figure `before`.

    Each of its two numbers must be the same as before, or differ by at least k. If the figure
    counts events rather than people, the same applies to the sum of the two numbers.
    """
    change = (figure[0] - before[0], figure[1] - before[1])
    steps = change if of_people else (*change, sum(change))
    return all(step == 0 or abs(step) >= k for step in steps)


def added(figures: Sequence[Figure]) -> Figure:
    """Return the sum of figures. The caller must make sure that no record is in two of them."""
    return sum(p for p, _ in figures), sum(q for _, q in figures)


def event_periods(months: Sequence[Figure], k: int) -> list[tuple[Period, Figure]]:
    """Join months into periods that may be shown. Return each period with its figure.

    If a month's figure may not be shown, the month is joined with the months after it until the sum
    of their figures may be shown. Months at the end whose sum may not be shown are in no period.
    """
    periods: list[tuple[Period, Figure]] = []
    first, waiting = 0, (0, 0)
    for place, month in enumerate(months):
        waiting = added([waiting, month])
        if may_be_shown(waiting, k):
            periods.append(((first, place), waiting))
            first, waiting = place + 1, (0, 0)
    return periods


def second_reading(
    first: Sequence[Figure], others: Sequence[Figure], recorded: Figure
) -> Figure | None:
    """Return a second reading, the sum of the released figures of two measures, or None.

    It is shown only if it is what the records give for the same months. `others` has the released
    figures of what only the second reading counts.
    """
    figure = added([*first, *others])
    return figure if others and figure == recorded else None


def status(periods: Sequence[Figure], figure: Figure) -> str:
    """Return the public status of a point without a deadline, from its released periods alone.

    `periods` are in their order, and `figure` is the sum that the position shows.
    """
    some = [period for period in periods if sum(period)]
    recent, earlier = added(some[-3:]), added(some[-6:-3])
    if sum(figure) == 0:
        return "no_cases"
    if figure[0] == 0:
        return "not_started"
    if len(some) >= 3 and recent[1] == 0:
        return "sustained"
    if sum(recent) and sum(earlier) and recent[0] * sum(earlier) < earlier[0] * sum(recent):
        return "slipping"
    return "in_progress"


def month_ends(months: Sequence[Figure], last: Figure | None, k: int) -> list[int]:
    """Return the positions of the month ends that are shown.

    A month end is shown if its figure may be shown and may follow the figure of the last month end
    that was shown before it. `last` is the figure of the month end that was shown last.
    """
    shown = []
    for place, month in enumerate(months):
        if may_be_shown(month, k) and (last is None or may_follow(month, last, k, of_people=True)):
            shown.append(place)
            last = month
    return shown


@dataclass
class Releases:
    """Everything that was released about one measure of one force, in the order of release.

    `released` has the releases of each period, from the oldest to the newest. A release maps units
    to figures. It always has the unit `ALL`, but the other units only if their figures may be
    shown.

    Both methods take the figures of all settled months, as `months[place][unit]`. Every month has
    every unit except `ALL`.
    """

    k: int
    released: dict[Period, list[dict[str, Figure]]] = field(default_factory=dict)

    def release_events(
        self, months: Sequence[Mapping[str, Figure]]
    ) -> dict[Period, dict[str, Figure]]:
        """Make the next release of a measure of events. `months` has the figures as known now.

        Returns the newest figures of every period that has been released.
        """
        for period, earlier in self.released.items():
            now = _units(months, period)
            force = added(list(now.values()))
            if force == earlier[-1][ALL] or not may_be_shown(force, self.k):
                continue
            if all(may_follow(force, before[ALL], self.k, of_people=False) for before in earlier):
                earlier.append(self._version(now, earlier, of_people=False))
        start = max((last for _, last in self.released), default=-1) + 1
        every = [added(list(month.values())) for month in months]
        # Before the first record there is nothing to show.
        while start < len(months) and not sum(added(every[: start + 1])):
            start += 1
        waiting = every[start:]
        for (first, last), _ in event_periods(waiting, self.k):
            period = (start + first, start + last)
            self.released[period] = [self._version(_units(months, period), [], of_people=False)]
        return {period: versions[-1] for period, versions in self.released.items()}

    def release_people(
        self, months: Sequence[Mapping[str, Figure]]
    ) -> dict[Period, dict[str, Figure]]:
        """Make the next release of a measure of people. `months` has the figures at month ends.

        Returns the figures of every month end that has been released.
        """
        newest = max(self.released, default=(-1, -1))
        last = self.released[newest][-1][ALL] if self.released else None
        start = newest[0] + 1
        waiting = [added(list(month.values())) for month in months[start:]]
        shown = [start + place for place in month_ends(waiting, last, self.k)]
        broken_down = [
            period for period in sorted(self.released) if len(self.released[period][-1]) > 1
        ]
        for place in shown:
            units = _units(months, (place, place))
            before = [self.released[broken_down[-1]][-1]] if broken_down else []
            version = self._version(units, before, of_people=True)
            is_newest = place == shown[-1]
            self.released[place, place] = [version if is_newest else {ALL: version[ALL]}]
        return {period: versions[-1] for period, versions in self.released.items()}

    def _version(
        self, units: dict[str, Figure], earlier: list[dict[str, Figure]], *, of_people: bool
    ) -> dict[str, Figure]:
        version = {ALL: added(list(units.values()))}
        before = [old for old in earlier if len(old) > 1]
        named = set(units).union(*before) - {ALL} if before else set(units)
        if all(may_be_shown(figure, self.k) for figure in units.values()) and all(
            may_follow(units.get(unit, (0, 0)), old.get(unit, (0, 0)), self.k, of_people=of_people)
            for old in before
            for unit in named
        ):
            version |= {unit: figure for unit, figure in units.items() if sum(figure)}
        return version


def _units(months: Sequence[Mapping[str, Figure]], period: Period) -> dict[str, Figure]:
    return {
        unit: added([month[unit] for month in months[period[0] : period[1] + 1]])
        for unit in months[period[0]]
    }
