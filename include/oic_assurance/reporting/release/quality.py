"""Describe how the figures of a release are made, and how good they are.

The headings are the dimensions of quality of the European Statistical System, which the Government
Statistical Service uses too, and the ten principles of the Code of Practice for Statistics.
"""

from dataclasses import dataclass

from oic_assurance.formats import long_day
from oic_assurance.publishing.releases import ReleaseContent
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.publisher import NOT_SET
from oic_assurance.reporting.release.render import render

NAME = "quality.html"
#: The edition of the Code of Practice for Statistics that PRINCIPLES follows.
EDITION = "edition 3.0 (2025)"


@dataclass(frozen=True)
class Principle:
    """A principle of the Code: its name, what is done for it, and what is not met."""

    name: str
    done: str
    not_met: str


#: The principles of the Code of Practice for Statistics, edition 3.0, in its order. The page
#: docs/explanation/code-of-practice.md says where each is shown.
PRINCIPLES = (
    Principle(
        "Show integrity",
        "The rules are written down and published, the same for good and bad news. Nobody types a "
        "figure.",
        "The use of the figures by others is not monitored.",
    ),
    Principle(
        "Lead responsibly",
        "Each release is a decision, recorded with its reason and with who made it.",
        "There is no chief statistician or head of profession who answers for the figures.",
    ),
    Principle(
        "Be transparent",
        "Each release names the day of the next one, and says whether it kept its own day. "
        "Corrections and withdrawals are shown with their reasons.",
        "There is no release calendar of 12 months and no fixed hour of release.",
    ),
    Principle(
        "Manage data responsibly",
        "Records are minimised, pseudonymised, encrypted and logged. Disclosure control withstands "
        "tested attacks.",
        "No independent body has reviewed the disclosure control.",
    ),
    Principle(
        "Prioritise quality",
        "Every figure passes automatic checks. A failed critical check stops the release.",
        "The checks are made by the producer. Nobody else assures the figures.",
    ),
    Principle(
        "Be rigorous",
        "A second program computes the figures again in tests. Changes of rules are recorded with "
        "their effect.",
        "The accuracy of the records themselves has not been measured.",
    ),
    Principle(
        "Be open about quality",
        "Intervals, limitations and revisions are in each release.",
        "The interval covers chance alone, not errors in the records.",
    ),
    Principle(
        "Be relevant",
        "The figures answer the points of the Commissioner.",
        "The public has not been asked what it needs.",
    ),
    Principle(
        "Be clear",
        "Plain words, charts with tables, and an explanation of each code.",
        "There are no comparisons with other forces, and no advance notice of changes of method.",
    ),
    Principle(
        "Be accessible",
        "Free for all at the same time, as a page, an accessible spreadsheet, and CSV files with a "
        "description for programs.",
        "The spreadsheet is not offered in the OpenDocument format. Nobody with a screen reader "
        "has tested the files.",
    ),
)


def quality_page(content: ReleaseContent) -> bytes:
    """Return the page on methods, quality, revisions and the Code of Practice."""
    publisher = content.notes["publisher"]
    return render(
        "quality.html.j2",
        title="Methods and quality",
        of=f"{wording.TITLE}, release {content.release_id}",
        made=wording.released_on_in_words(content),
        measures=wording.measures(),
        methods=methods(content),
        dimensions=dimensions(content),
        policy_of_revisions=revision_policy(content),
        edition=EDITION,
        principles=PRINCIPLES,
        access=publisher["pre_release_access"] or NOT_SET,
        not_set=NOT_SET,
        next_release=wording.next_release(publisher),
        announced=wording.announced(content),
    )


def methods(content: ReleaseContent) -> list[tuple[str, str]]:
    """Return the description of how the figures are made, as pairs of a heading and a paragraph."""
    smallest, days = content.notes["smallest"], content.notes["settle_days"]
    return [
        (
            "Where the figures come from",
            "From the force's records of incidents, custody and referrals, its intelligence "
            "reports, personnel, training records and plans. A machine reads them every day. Rules "
            "that are written down and tested turn records into figures. No person is named in "
            "any table.",
        ),
        (
            "How people are protected",
            f"A number is shown only if it is 0, or at least {smallest}. A figure is shown only "
            "if this holds for the number and for the rest of its total. It also holds for the "
            "difference between any two figures, within a release and from one release to another. "
            "So nobody can subtract one figure from another to find a small number.",
        ),
        (
            "Why some months are missing",
            "A month with too few cases is not shown by itself. It is added to the months after "
            "it. For training, a month end is left out if too few people changed since the last "
            "one that was shown. Districts are shown if the figures of all of them may be shown.",
        ),
        (
            "When a month is shown",
            f"A month is shown from {days} days after its end, when most late records have "
            "arrived.",
        ),
    ]


def dimensions(content: ReleaseContent) -> list[tuple[str, list[str]]]:
    """Return the report on quality, as pairs of a dimension and its paragraphs."""
    days = content.notes["settle_days"]
    return [
        (
            "Relevance",
            [
                "The figures answer whether the force does what the inspection asked for. They are "
                "for the Accountability Board, the inspectorate and the public.",
                "They do not measure how much organised immigration crime there is, nor how well "
                "an investigation was done.",
            ],
        ),
        (
            "Accuracy and reliability",
            [
                "Every record is counted, so there is no sampling error. The interval of a share "
                "shows how far chance can move it when there are few cases.",
                "Every figure has passed automatic checks of completeness, validity, consistency "
                "and privacy before it was released. A figure that fails a critical check is not "
                "released.",
                "In tests, each known kind of damage is done to the records of a made-up force. "
                "Each damage that moves a figure by more than its interval stops the figures, or "
                "makes them wait for a person, or adds a warning. For real records, the "
                "share of wrong or missing entries is not known: nobody has compared them with "
                "what happened.",
                "A report that does not name its case is matched to it by incident, officer and "
                "time. How often this is wrong is not known for real records.",
                wording.fresh(content),
                wording.revised_by(content),
            ],
        ),
        (
            "Timeliness and punctuality",
            [
                f"The status of each point is as at {long_day(content.as_at)}. A month is "
                f"shown from {days} days after its end.",
                wording.announced(content),
            ],
        ),
        (
            "Accessibility and clarity",
            [
                "The same figures are on a page, in an accessible spreadsheet and in CSV files "
                "with a description for programs. All are free and need no login.",
            ],
        ),
        (
            "Comparability",
            [
                "A figure can be compared with the same measure in another period. A period can "
                "have several months, so compare shares and not numbers.",
                "The rules are the same for all months. If a rule changes, all months are computed "
                "again, and the revised figures are listed.",
                "Other forces may count differently. Compare forces only if they use these rules.",
            ],
        ),
        (
            "Coherence",
            [
                "Districts and the records in no district add up to the force. The figures of a "
                "point are the sum of its released periods, or the last month end for training.",
                "The force's own figures can differ: they include months that are not released "
                "yet, and changes that are too small to be shown.",
            ],
        ),
        (
            "Confidentiality",
            [text for heading, text in methods(content) if heading == "How people are protected"],
        ),
    ]


def revision_policy(content: ReleaseContent) -> list[tuple[str, str]]:
    """Return the policy on revisions, as pairs of a kind of revision and what happens."""
    smallest = content.notes["smallest"]
    return [
        (
            "Planned revisions",
            "With each release, a figure is revised if records arrived late, were corrected or "
            f"were deleted, and if its change is at least {smallest}. Smaller changes wait, so "
            "that no reader can find a small number by subtraction. Month ends of training are "
            "not revised.",
        ),
        (
            "Changes of method",
            "If a rule changes, all months are computed again by the new rule, and the figures "
            "that differ are revised in the same way.",
        ),
        (
            "Unplanned revisions",
            "If a released figure is wrong, the release is withdrawn as soon as this is known. A "
            "notice with the reason stands beside its files. The next release corrects the figure "
            "as far as disclosure control allows, and the list of revisions names the withdrawn "
            "release.",
        ),
    ]
