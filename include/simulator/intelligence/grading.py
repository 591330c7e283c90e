"""Gradings of reports: valid 3x5x2 gradings, the older 5x5x5 gradings, and invalid ones."""

from dataclasses import dataclass, replace

from simulator.chance import Stream

CONDITIONS = (
    "Not to be shared outside the force without the originator's consent.",
    "For the National Crime Agency and regional units only.",
    "Do not act on this without speaking to the Force Intelligence Bureau.",
)


@dataclass(frozen=True)
class Grading:
    """The grading of a report."""

    scheme: str
    source: str | None
    assessment: str | None
    handling: str | None
    conditions: str | None = None

    def columns(self) -> dict[str, object]:
        """Return the grading as the columns of the report table."""
        return {
            "grading_scheme": self.scheme,
            "source_evaluation": self.source,
            "intelligence_assessment": self.assessment,
            "handling_code": self.handling,
            "handling_conditions": self.conditions,
        }


def valid(rng: Stream, *, historic: float = 0.03) -> Grading:
    """Draw a grading that its scheme allows.

    `historic` is the share of gradings in the 5x5x5 scheme.
    """
    if rng.happens(historic):
        return Grading("5x5x5", rng.one_of("ABBCE"), rng.one_of("12334"), rng.one_of("11123"), None)
    source = rng.weighted({"1": 0.42, "2": 0.48, "3": 0.1})
    assessment = rng.weighted({"A": 0.3, "B": 0.33, "C": 0.12, "D": 0.22, "E": 0.03})
    if rng.happens(0.18):
        return Grading("3x5x2", source, assessment, "C", rng.one_of(CONDITIONS))
    return Grading("3x5x2", source, assessment, "P")


def wrong(rng: Stream) -> Grading:
    """Draw a grading that its scheme does not allow."""
    good = replace(valid(rng, historic=0.0), handling="P", conditions=None)
    errors = {
        "no conditions": replace(good, handling="C"),
        "blank conditions": replace(good, handling="C", conditions="   "),
        "mixed schemes": replace(good, source=rng.one_of("ABC"), assessment=rng.one_of("123")),
        "old handling": replace(good, handling=rng.one_of("15")),
        "evaluation": replace(good, source="4"),
        "not assessed": replace(good, assessment=None),
        "no handling": replace(good, handling=""),
        "no scheme": Grading("5x5x5", good.source, good.assessment, good.handling),
    }
    weights = {
        "no conditions": 0.4,
        "blank conditions": 0.05,
        "mixed schemes": 0.18,
        "old handling": 0.1,
        "evaluation": 0.08,
        "not assessed": 0.07,
        "no handling": 0.07,
        "no scheme": 0.05,
    }
    return errors[rng.weighted(weights)]
