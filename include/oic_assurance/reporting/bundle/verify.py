#!/usr/bin/env python3
"""Verify a bundle of the OIC assurance warehouse. This file needs only Python 3.9 or later.

    python3 -B verify.py                   verifies the bundle that this file is in
    python3 -B verify.py FOLDER            verifies the bundle in a folder
    python3 -B verify.py FOLDER KEY        also requires a signature of the key with this SHA-256
    python3 -B verify.py --help            prints this text

This program reads only the bundle. It prints one sentence: what the bundle proves, or what is wrong
with it. The exit code is 0 if nothing is wrong, 1 if something is, and 2 if the arguments are
wrong. It is 3 if nothing is wrong but nobody has signed the bundle, so that anybody can have made
it. Somebody who changes a bundle can also change the copy of this file in it. To be sure, use a
copy that did not come with the bundle.
"""

import csv
import hashlib
import html
import io
import json
import re
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    #: A row of a table: the text of each value by the name of its column.
    Row = dict[str, str | None]

MANIFEST = "manifest.json"
SIGNATURE = "signature.json"
#: The exit code for a bundle that holds and that nobody has signed.
UNSIGNED = 3
#: The marts whose rows are bundled. They hold figures, rules and decisions, and no record of a
#: person. All other marts are in the bundle with their fingerprints only.
FIGURES = (
    "assurance_answer",
    "assurance_caveat",
    "assurance_disagreement",
    "assurance_exception_summary",
    "assurance_headline",
    "assurance_left_out",
    "assurance_measure",
    "assurance_position",
    "assurance_position_day",
    "assurance_spc",
    "assurance_status_change",
    "assurance_voice",
    "assurance_voice_month",
    "board_question",
    "data_quality_status",
    "dim_measure",
    "dim_point",
    "dim_recommendation",
    "restatement",
    "sign_off_reopening",
)
# Python 3.9 has no `datetime.UTC`.
UTC = timezone.utc  # noqa: UP017
#: The errors that a file raises if its content has another form than a bundle's.
ODD = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, csv.Error)

MET = ("met_on_time", "met_late", "sustained")
#: What stands in place of a missing value.
NOTHING = "–"

# Ed25519 (RFC 8032, section 5.1). Points are pairs of coordinates modulo P.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


#: The name of a column.
NAME = re.compile("[a-z][a-z0-9_]*")


class BrokenError(Exception):
    """Something in the bundle is wrong. The message says what, in a sentence."""


def result(folder: Path, key: str = "") -> "tuple[int, str]":
    """Return the exit code and the sentence for a bundle. `key` is that of `verify`."""
    try:
        proved = verify(folder, key)
    except BrokenError as error:
        return 1, f"THE BUNDLE DOES NOT HOLD: {error}."
    if (folder / SIGNATURE).exists():
        return 0, f"The bundle holds. {proved}"
    return UNSIGNED, f"The bundle holds, and nobody signed it. {proved}"


def verify(folder: Path, key: str = "") -> str:
    """Return a sentence that says what the bundle proves.

    With `key`, the SHA-256 of a public key in hexadecimal, the bundle must be signed with that key.

    Raises:
        BrokenError: Something in the bundle is wrong.
    """
    try:
        return _verified(folder, key)
    except ODD as error:
        raise BrokenError(f"a file does not have the form of a bundle's ({error!r:.80})") from error


def _verified(folder: Path, key: str) -> str:
    manifest_bytes = read(folder / MANIFEST)
    files = check_files(folder, load(manifest_bytes, MANIFEST))
    publication = load(read(folder / "publication.json"), "publication.json")
    tables = check_tables(folder, publication)
    check_moment(publication, tables)
    check_gate(folder, publication, tables)
    check_pack(folder, publication, tables)
    signed = check_signature(folder, manifest_bytes, key)
    rolled_back = ", which was rolled back" if publication["was_withdrawn"] else ""
    return plain(
        f"Publication {publication['publication_id']}, as at {publication['as_at']}{rolled_back}: "
        f"all {files} files are as they were bundled, the {len(tables)} tables of figures give the "
        f"fingerprint {publication['content_fingerprint']} that the checks passed, the page of the "
        f"pack shows their figures, moment and verdict, and {signed}."
    )


def plain(text: str) -> str:
    """Return a text of the bundle, if it can be printed.

    Raises:
        BrokenError: The text has a character that cannot be printed, such as a control character
            that changes what a terminal shows.
    """
    if not text.isprintable():
        raise BrokenError("a name or a value has characters that cannot be shown")
    return text


def read(path: Path) -> bytes:
    """Return the bytes of a file of the bundle."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BrokenError(f"{path.name} cannot be read: {error.strerror}") from error


def load(content: bytes, name: str) -> Any:
    """Return the JSON content of a file of the bundle."""
    try:
        return json.loads(content)
    except ValueError as error:
        raise BrokenError(f"{name} is not JSON") from error


def check_files(folder: Path, manifest: Any) -> int:
    """Check that the bundle has the files of its manifest, unchanged. Return their number."""
    found = set()
    for path in folder.rglob("*"):
        name = plain(path.relative_to(folder).as_posix())
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise BrokenError(f"{name} is neither a file nor a folder")
        if path.is_file():
            found.add(name)
    listed = set(manifest["files"])
    for name in sorted(found - listed - {MANIFEST, SIGNATURE}):
        raise BrokenError(f"{name} is not in the manifest")
    for name in sorted(listed - found):
        raise BrokenError(f"{plain(name)} is missing")
    for name, wanted in sorted(manifest["files"].items()):
        if hashlib.sha256(read(folder / name)).hexdigest() != wanted["sha256"]:
            raise BrokenError(f"{name} was changed")
    return len(listed)


def check_tables(folder: Path, publication: Any) -> "dict[str, list[Row]]":
    """Check the figures against the publication's fingerprints. Return the rows of each table."""
    tables = publication["tables"]
    lines = "\n".join(
        f"{name} {tables[name]['rows']} {tables[name]['fingerprint']}" for name in sorted(tables)
    )
    if digest(lines) != publication["content_fingerprint"]:
        raise BrokenError("the fingerprints of the tables do not give that of the publication")
    expected = {name for name in FIGURES if f"marts.{name}" in tables}
    for kind in (".json", ".csv"):
        if {path.stem for path in (folder / "figures").glob(f"*{kind}")} != expected:
            raise BrokenError(f"figures/ does not have the {kind} file of every table of figures")
    found = {}
    for name in sorted(expected):
        table = load(read(folder / "figures" / f"{name}.json"), f"{name}.json")
        place = f"marts.{name}"
        columns = [column for column, _ in table["columns"]]
        if table["table"] != place or not all(NAME.fullmatch(column) for column in columns):
            raise BrokenError(f"figures/{name}.json is not the table {place}")
        if tables[place] != fingerprint(table):
            raise BrokenError(f"the rows of {place} are not those that the checks passed")
        if any(len(values(row)) != len(columns) for row in table["rows"]):
            raise BrokenError(f"a row of {place} does not have a value for each column")
        check_csv(folder / "figures" / f"{name}.csv", table)
        found[name] = [dict(zip(columns, values(row))) for row in table["rows"]]  # noqa: B905
    return found


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def fingerprint(table: Any) -> "dict[str, Any]":
    """Return the number of rows of a table and the digest of its columns and rows."""
    high = low = 0
    for row in table["rows"]:
        hashed = hashlib.sha256(row.encode("utf-8")).digest()
        high += int.from_bytes(hashed[:8], "big", signed=True)
        low += int.from_bytes(hashed[8:16], "big", signed=True)
    head = [f"{name} {kind}" for name, kind in table["columns"]]
    count = len(table["rows"])
    return {"rows": count, "fingerprint": digest("\n".join([*head, f"{count} {high} {low}"]))}


def check_csv(path: Path, table: Any) -> None:
    """Check that the readable copy of a table has the same values as its rows."""
    lines = list(csv.reader(io.StringIO(read(path).decode("utf-8"), newline="")))
    wanted = [[name for name, _ in table["columns"]]]
    wanted += [["" if value is None else value for value in values(row)] for row in table["rows"]]
    if lines != wanted:
        raise BrokenError(f"{path.name} does not have the values of {table['table']}")


def values(row: str) -> "list[str | None]":
    """Return the values of a row that PostgreSQL wrote as text, such as `(a,"b, c",)`."""
    found = []
    text, quoted, was_quoted, place = "", False, False, 1
    while place < len(row):
        char = row[place]
        if quoted:
            if char == "\\" or (char == '"' and row[place + 1] == '"'):
                place += 1
                text += row[place]
            elif char == '"':
                quoted = False
            else:
                text += char
        elif char == '"':
            quoted = was_quoted = True
        elif char == "," or (char == ")" and place == len(row) - 1):
            found.append(text if text or was_quoted else None)
            text, was_quoted = "", False
        else:
            text += char
        place += 1
    return found


def check_moment(publication: Any, tables: "dict[str, list[Row]]") -> None:
    """Check the as-at moment of the publication against that in the rows."""
    moments = {row["as_at"] for row in tables["assurance_position"]}
    if moments != {stored(datetime.fromisoformat(publication["as_at"]))}:
        raise BrokenError("the as-at moment is not that of the rows of marts.assurance_position")


def stored(at: datetime) -> str:
    """Return a moment as PostgreSQL writes it, such as `2026-07-09 04:30:00.5+00`."""
    text = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return f"{text.rstrip('0').rstrip('.')}+00"


def check_gate(folder: Path, publication: Any, tables: "dict[str, list[Row]]") -> None:
    """Check the verdict of the gate against the checks, and these against the rows that count them.

    The checks on the sealed marts come after these rows, so only their verdict is compared.
    """
    checks = load(read(folder / "checks.json"), "checks.json")
    verdicts = {one["stage"]: one["verdict"] for one in load(read(folder / "gates.json"), "gates")}
    for stage, verdict in verdicts.items():
        failed = {
            one["severity"]
            for one in latest(one for one in checks if one["stage"] == stage)
            if not one["success"]
        }
        if verdict != next((one for one in ("critical", "warning") if one in failed), "passed"):
            raise BrokenError(f"the verdict on the stage {stage} is not that of its checks")
    if publication["gate_verdict"] != max(verdicts.values(), key=("passed", "warning").index):
        raise BrokenError("the verdict of the gate is not that of its stages")
    quality = tables.get("data_quality_status")
    if quality is None:
        return
    sealed_at = max(str(row["checked_at"]) for row in quality)
    counts: Counter[Any] = Counter()
    failures: Counter[Any] = Counter()
    for one in latest(
        one
        for one in checks
        if one["stage"] != "sealed"
        and one["suite"] not in ("dbt_sealed", "postgresql_sealed")
        and stored(datetime.fromisoformat(one["checked_at"])) <= sealed_at
    ):
        what = (one["dataset"], one["dimension"], one["severity"])
        counts[what] += 1
        failures[what] += not one["success"]
    counted = {
        (row["dataset"], row["dimension"], row["severity"]): (row["expectations"], row["failed"])
        for row in quality
    }
    if counted != {what: (str(counts[what]), str(failures[what])) for what in counts}:
        raise BrokenError("the checks are not those that marts.data_quality_status counts")


def latest(checks: "Iterable[Any]") -> "list[Any]":
    """Return the last result of each check. The results of a check are in their order."""
    return list({(one["stage"], one["suite"], one["expectation"]): one for one in checks}.values())


def check_pack(folder: Path, publication: Any, tables: "dict[str, list[Row]]") -> None:
    """Check that the page of the pack is that of the publication, and shows what its rows say.

    The figure and the status of each point, the sentences about them at the top, the as-at moment
    and the verdict of the checks are compared. The sentences are made here from the numbers again.
    """
    page = read(folder / "pack" / "assurance-pack.html").decode("utf-8")
    if publication["content_fingerprint"] not in page:
        raise BrokenError("the pack is not that of the publication")
    # What a browser does not show proves nothing.
    page = re.sub("<!--.*?-->", "", page, flags=re.DOTALL)
    at = london(datetime.fromisoformat(publication["as_at"]))
    is_told = found_in(page, "<title>(.*?)</title>", "title")[0].endswith(f" as at {at}")
    if not is_told or found_in(page, "as at <strong>(.*?)</strong>", "as-at moment") != [at]:
        raise BrokenError("the pack shows another as-at moment than the publication")
    verdict = found_in(page, "<strong>Verdict of the checks: (.*?)\\.</strong>", "verdict")
    if verdict != [publication["gate_verdict"]]:
        raise BrokenError("the pack shows another verdict of the checks than the publication")
    if "assurance_answer" not in tables:
        return  # Earlier versions of the rules have another page.
    rows = {str(row["point_code"]): row for row in tables["assurance_position"]}
    cards = re.findall('<article class="card">(.*?)</article>', page, flags=re.DOTALL)
    codes = [found_in(card, '<h3><a href="#([A-Z_]+)">', "point")[0] for card in cards]
    if sorted(codes) != sorted(rows):
        raise BrokenError("the pack does not show each point once")
    points = []
    for code, card in zip(codes, cards):  # noqa: B905 - Python 3.9
        point = in_words(rows[code])
        points.append((point, answer(rows[code]), rows[code]["deadline"]))
        name, word, figure, _ = point
        section = found_in(page, f'<section class="point" id="{code}"(.*?)</section>', "page")[0]
        section_figure = found_in(section, "<dt>Figure</dt><dd><strong>(.*?)</strong>", "figure")
        shown = (
            *found_in(card, '<h3><a href="#[A-Z_]+">(.*?)</a>', "name"),
            *found_in(card, "</strong> ([^<]*)</span></p>", "status"),
            *found_in(card, '<p class="figure"><strong>(.*?)</strong>', "figure"),
            *section_figure,
        )
        if shown != (name, word, figure, figure):
            raise BrokenError(f"the pack shows another figure or status of {code} than the rows")
    (mart,) = tables["assurance_headline"]
    if [mart["words"], mart["detail"]] != headline(points):
        raise BrokenError("the sentences of marts.assurance_headline are not those of the numbers")
    sentences = found_in(page, '<p class="lead sentences">(.*?)</p>', "answer")[0]
    if not sentences.startswith("<strong>{}</strong> {} ".format(*headline(points))):
        raise BrokenError("the sentences at the top of the pack are not those that the rows give")


def found_in(text: str, pattern: str, what: str) -> "list[str]":
    """Return what a page has in the one place that a pattern describes, as text.

    Raises:
        BrokenError: There is no such place, or there are several.
    """
    found = re.findall(pattern, text, flags=re.DOTALL)
    if len(found) != 1:
        raise BrokenError(f"the pack has {len(found)} places for one {what}")
    return [html.unescape(found[0])]


def london(at: datetime) -> str:
    """Return a moment in London time, such as "Thu 09 Jul 2026 05:30".

    In the hour that occurs twice when summer time ends, the UTC offset follows. Not every machine
    knows the time zones, and London's rule has been the same since 1996.
    """
    at = at.astimezone(UTC)
    begins, ends = (
        datetime(at.year, month, 31, 1, tzinfo=UTC)
        - timedelta(days=(datetime(at.year, month, 31, tzinfo=UTC).weekday() + 1) % 7)
        for month in (3, 10)
    )
    hour, summer = timedelta(hours=1), begins <= at < ends
    offset = f" +0{summer:d}:00" if ends - hour <= at < ends + hour else ""
    return f"{at + hour * summer:%a %d %b %Y %H:%M}{offset}"


def in_words(row: "Row") -> "tuple[str, str, str, str]":
    """Return the name of a point, the word of its status, its figure and its target."""
    target, value = row["target"], row["value"]
    if row["target_unit"] == "strands":
        figure = f"{row['numerator']} of {row['denominator']}"
        goal = NOTHING if target is None else f"{float(target):g} of {row['denominator']}"
    else:
        figure = NOTHING if value is None else f"{rounded(float(value))}%"
        goal = NOTHING if target is None else f"{float(target) * 100:g}%"
    word = str(row["status_label"])
    if row["status"] == "slipping" and answer(row) == "NOT_YET":
        word = "No clear change"
    return str(row["point_label"]), word, figure, goal


def rounded(value: float) -> Decimal:
    """Return a fraction as a percentage with one decimal place. A half is rounded up."""
    return Decimal(f"{value * 100:.15g}").quantize(Decimal("0.1"), ROUND_HALF_UP)


def answer(row: "Row") -> str:
    """Return the code of the answer that the numbers of a point give.

    A point with a deadline ahead is not due yet. A point without one whose last three months are
    worse than the three before is slipping only if chance does not explain it: if the interval of
    the change is below zero.
    """
    status, days = row["status"], row["days_to_deadline"]
    if status in MET:
        return "YES"
    if status == "unknown":
        return "NOT_KNOWN"
    if status == "no_cases":
        return "NO_CASES"
    if status == "overdue" or (status == "slipping" and days is not None):
        return "NO"
    if status == "slipping":
        high = row["change_high"]
        return "NO" if high is not None and float(high) < 0 else "NOT_YET"
    return "NOT_DUE" if days is not None and int(days) > 0 else "NOT_YET"


def headline(points: "Sequence[tuple[tuple[str, str, str, str], str, str | None]]") -> "list[str]":
    """Return two sentences: how many points are met, and which ones are in which state.

    Each point is its words, the code of its answer, and its deadline.
    """
    codes = Counter(code for _, code, _ in points)
    met = f"{codes['YES']} of {len(points)} points {'is' if codes['YES'] == 1 else 'are'} met"
    if codes["NOT_KNOWN"]:
        first = f"Not known: {met}. For {codes['NOT_KNOWN']} the status is not known."
    elif codes["YES"] == len(points):
        first = f"Yes: all {len(points)} points are met."
    elif codes["NO"] + codes["NOT_YET"]:
        first = f"Not yet: {met}."
    elif codes["NOT_DUE"]:
        due = min(str(deadline) for _, code, deadline in points if code == "NOT_DUE")
        day = datetime.fromisoformat(due)
        first = f"Not due yet: {met}. The next deadline is {day.day} {day:%B %Y}."
    else:
        first = f"No cases: {met}. For {codes['NO_CASES']} there is nothing to count yet."
    parts = []
    for lead, wanted in (
        ("Not known", ("NOT_KNOWN",)),
        ("Not met", ("NO", "NOT_YET")),
        ("Not due yet", ("NOT_DUE",)),
        ("Nothing to count yet", ("NO_CASES",)),
        ("Met", ("YES",)),
    ):
        names = [
            name
            + (
                f" ({figure}, target {target})"
                if lead in ("Not met", "Not due yet") and NOTHING not in (figure, target)
                else ""
            )
            for (name, _, figure, target), code, _ in points
            if code in wanted
        ]
        if names:
            parts.append(f"{lead}: {', '.join(names)}.")
    return [first, " ".join(parts)]


def check_signature(folder: Path, manifest: bytes, wanted: str) -> str:
    """Check the signature of the manifest, if there is one. Return in words what it proves.

    `wanted` is the SHA-256 of the public key that must have signed. It is empty if a signature is
    not required.
    """
    if not (folder / SIGNATURE).exists():
        if wanted:
            raise BrokenError("nobody has signed the bundle")
        return "without a signature this does not prove who made it"
    signature = load(read(folder / SIGNATURE), SIGNATURE)
    key = bytes.fromhex(signature["public_key"])
    name = hashlib.sha256(key).hexdigest()
    message = f"{signature['signed_at']}\n{hashlib.sha256(manifest).hexdigest()}".encode()
    if not is_signed(key, message, bytes.fromhex(signature["signature"])):
        raise BrokenError("the signature does not belong to this bundle")
    if wanted and name != wanted.lower():
        raise BrokenError(f"another key has signed the bundle: {name}")
    return f"the holder of the key {name} signed it, by their clock at {signature['signed_at']}"


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature of a message was made with the private part of a key."""
    if len(signature) != 64 or len(key) != 32:
        return False
    try:
        point, commitment = unpacked(key), unpacked(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    # A public key of small order is refused. For such a key, somebody without a private key can
    # make a signature for any message.
    if scalar >= ORDER or times(8, point) == (0, 1):
        return False
    challenge = hashlib.sha512(signature[:32] + key + message).digest()
    factor = int.from_bytes(challenge, "little") % ORDER
    base = unpacked((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    return times(scalar, base) == plus(commitment, times(factor, point))


def unpacked(packed: bytes) -> "tuple[int, int]":
    """Return the point that 32 bytes stand for."""
    number = int.from_bytes(packed, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    return (P - x if x % 2 != sign else x), y


def plus(one: "tuple[int, int]", two: "tuple[int, int]") -> "tuple[int, int]":
    """Return the sum of two points."""
    (x1, y1), (x2, y2) = one, two
    product = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P) % P,
    )


def times(number: int, point: "tuple[int, int]") -> "tuple[int, int]":
    """Return a point added to itself `number` times."""
    total = (0, 1)
    while number:
        if number & 1:
            total = plus(total, point)
        point, number = plus(point, point), number >> 1
    return total


def main() -> int:
    """Verify the bundle in a folder, and say what holds."""
    given = sys.argv[1:]
    if {"-h", "--help"} & set(given):
        print(__doc__)
        return 0
    if len(given) > 2 or any(one.startswith("-") for one in given):
        print("Give a folder and a key, or nothing: verify.py --help explains it.", file=sys.stderr)
        return 2
    folder = Path(given[0]) if given else Path(__file__).resolve().parent
    code, sentence = result(folder, given[1] if len(given) > 1 else "")
    print(sentence)
    return code


if __name__ == "__main__":
    sys.exit(main())
