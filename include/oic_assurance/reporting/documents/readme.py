"""Fill the part of README.md that says what the policy says of the points."""

from pathlib import Path

from oic_assurance.builds.seeds import Seeds
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents.markdown import row
from oic_assurance.reporting.documents.over_time import deadline, target

README = Path("README.md")
END = "<!-- End of what is generated. -->"


def filled(text: str, note: str, seeds: Seeds) -> str:
    """Return the text of README.md with the table of the points between `note` and `END`.

    Raises:
        AssuranceError: One of the two comments is missing.
    """
    before, begins, rest = text.partition(f"<!-- {note} -->\n")
    _, ends, after = rest.partition(END)
    if not (begins and ends):
        missing = END if begins else f"<!-- {note} -->"
        raise AssuranceError(
            f"{README}: the line {missing} is missing. Put it beside the table of the points."
        )
    return f"{before}{begins}\n{_points(seeds)}\n{ends}{after}"


def _points(seeds: Seeds) -> str:
    head = "| code | question | target | deadline |\n|---|---|---|---|\n"
    return head + "".join(
        row(
            f"`{words['point_code']}`",
            words["question"],
            target(seeds, words["point_code"]),
            deadline(seeds, words["point_code"]),
        )
        for words in seeds["point_words"].rows
    )
