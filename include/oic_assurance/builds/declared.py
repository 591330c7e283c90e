"""Read the declared measures and kinds of record, and check them.

Those of all forces stand as YAML in a macro of the dbt project, so that dbt can read them wherever
it renders SQL. A folder of a force can add more in files of the same form. Everything in Python
that needs a measure reads it here, and hands dbt what it has read if a force has other measures.
"""

import csv
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from oic_assurance.errors import UsageError
from oic_assurance.settings import DEFAULT_FOLDER, PROJECT_ROOT, deployment_kind, force_folder
from oic_assurance.sources.declarations import checked_yaml, yaml_lines
from oic_assurance.sources.declarations.load import datasets, datasets_of
from oic_assurance.sources.declarations.model import PROVENANCE, Dataset

#: The file with the declarations, below the project's root.
FILE = Path("dbt_project") / "macros" / "measures" / "declared.sql"
#: The folder in the folder of a force with what the force adds, and the file with its points.
OWN, POINTS = "measures", Path("words") / "point_words.csv"
#: The environment variable that hands dbt what is declared, as JSON.
VARIABLE = "ASSURANCE_DECLARED"
_PARTS = ("records", "readings", "other_classes", "measures")
_BEGIN, _END = "{% raw %}", "{% endraw %}"
#: The parts of a kind of record, and of a measure, that are SQL over the columns of its relation.
_RECORD_SQL = (
    "key", "team", "counts_on", "counts_from", "counts_to", "happened_on", "answered_on",
    "waits_until", "hours", "class", "class_left_out", "officer_key", "related_ref",
)  # fmt: skip
_EXCEPTION_SQL = frozenset(("when", "subject", "opened_at", "ends_as", "ended_at"))
_MEASURE_SQL = ("population", "met")
_CONDITIONS = ("population", "met", "plain")
#: The words of SQL in the expressions of a reading.
_SQL_WORDS = frozenset(
    ("case", "when", "then", "else", "end", "and", "or", "not", "is", "null", "true", "false")
)


class DeclaredError(UsageError):
    """A measure or a kind of record is not declared correctly. The message names file and line."""


@dataclass(frozen=True)
class Declared:
    """What is declared, in the order of the file.

    Attributes:
        records: The kinds of record that measures count, by name.
        readings: What the rules read of each source, by name.
        other_classes: The classes of further kinds of record, each with its meaning.
        measures: The measures, by code.
        origins: The file and the lines of each entry, by the name of its part and its own.
        is_own: Whether the force has other measures than the shared ones.
    """

    records: Mapping[str, Mapping[str, Any]]
    readings: Mapping[str, Mapping[str, Any]]
    other_classes: Mapping[str, Mapping[str, str]]
    measures: Mapping[str, Mapping[str, Any]]
    origins: Mapping[tuple[str, str], tuple[str, yaml_lines.LinedYaml]] = field(repr=False)
    is_own: bool = False

    def name_of(self, dataset: str, table: str) -> str | None:
        """Return the column by which the rules and readers name the records of a source table.

        The first reading of a table names its records. The others name those of other tables.
        """
        return next(
            (
                reading["named_by"]
                for reading in self.readings.values()
                if (reading.get("dataset"), reading.get("table")) == (dataset, table)
            ),
            None,
        )

    def error(self, path: yaml_lines.Path, message: str) -> DeclaredError:
        """Return an error that names the line of the part at `path`."""
        part, name, *_ = map(str, path)
        file, lines = self.origins[part, name]
        return DeclaredError(f"{file}, line {lines.line(path)}: {message}.")

    def for_dbt(self) -> str:
        """Return what dbt has to read instead of the shared measures, as JSON, or an empty text."""
        return json.dumps({part: getattr(self, part) for part in _PARTS}) if self.is_own else ""

    def record_of(self, code: str) -> Mapping[str, Any]:
        """Return the kind of record that a measure counts."""
        return self.records[self.measures[code]["record"]]

    def is_snapshot(self, code: str) -> bool:
        """Tell whether a measure counts what exists at the end of a month, such as officers."""
        return "counts_from" in self.record_of(code)

    @property
    def exceptions(self) -> dict[str, str]:
        """Return the words for each exception that a kind of record declares, by its code."""
        declared = (record.get("exceptions", {}) for record in self.records.values())
        return {code: one["label"] for each in declared for code, one in each.items()}

    @property
    def reasons(self) -> set[str]:
        """Return the codes for which a declared exception can end: the texts in its `ends_as`."""
        declared = (record.get("exceptions", {}).values() for record in self.records.values())
        every = " ".join(one.get("ends_as", "") for each in declared for one in each)
        return set(re.findall("'([A-Z_]+)'", every))

    def rests_on(self, code: str) -> list[str]:
        """Return the datasets that a measure's figures rest on, in alphabetical order."""
        return sorted({*self.record_of(code)["rests_on"], *self.measures[code].get("rests_on", ())})


def read_declared(project_root: Path) -> Declared:
    """Return the declared measures and kinds of record: the shared ones, and those of the force.

    A shared measure of a point that the force did not undertake is left out.

    Raises:
        DeclaredError: There is a mistake in a declaration.
    """
    folder = force_folder(project_root)
    shared = _text(project_root / FILE, str(FILE))
    own = tuple((str(one), _text(one, str(one))) for one in sorted((folder / OWN).glob("*.yml")))
    is_shipped = folder.resolve() == (project_root / DEFAULT_FOLDER).resolve()
    return parse(shared, own, None if is_shipped else _points(folder / POINTS))


def _text(path: Path, file: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclaredError(f"{file} cannot be read: {error}.") from error


def _points(path: Path) -> frozenset[str]:
    rows = csv.DictReader(_text(path, str(path)).splitlines())
    return frozenset(row.get("point_code") or "" for row in rows)


@functools.lru_cache(maxsize=8)
def parse(
    text: str, own: tuple[tuple[str, str], ...] = (), points: frozenset[str] | None = None
) -> Declared:
    """Return what the text of the shared file declares, with the files that a force adds.

    `own` has the name and the text of each of these files. `points` are the codes of the points of
    the force, or None for all points of shared measures.

    Raises:
        DeclaredError: There is a mistake in a declaration.
    """
    shared = read_shared(text)
    parts: dict[str, dict[str, Any]] = {part: dict(shared.content[part]) for part in _PARTS}
    if points is not None:
        every = parts["measures"].items()
        parts["measures"] = {code: one for code, one in every if one["point"] in points}
    origins = {(part, name): (str(FILE), shared) for part in _PARTS for name in parts[part]}
    is_own = len(parts["measures"]) != len(shared.content["measures"]) or bool(own)
    for file, added in own:
        lined = checked_yaml.read(added, file, _validator(of_force=True), "the file", DeclaredError)
        for part, entries in lined.content.items():
            for name, entry in entries.items():
                if (part, name) in origins:
                    what = f"{name} is declared in {origins[part, name][0]} too"
                    raise DeclaredError(f"{file}, line {lined.line((part, name))}: {what}.")
                origins[part, name] = (file, lined)
                parts[part][name] = {**entry, "is_own": True} if part == "readings" else entry
    found = Declared(**parts, origins=origins, is_own=is_own)
    for path, message in _contradictions(found):
        raise found.error(path, message)
    return found


def read_shared(text: str) -> yaml_lines.LinedYaml:
    """Return the YAML in the text of the shared file.

    Raises:
        DeclaredError: There is no YAML, or it has not the form.
    """
    before, begin, rest = text.partition(_BEGIN)
    content, end, _ = rest.partition(_END)
    if not begin or not end:
        raise DeclaredError(f"{FILE}: there is no text between {_BEGIN} and {_END}.")
    # The lines before the YAML are kept blank, so that a mistake has the line of the file.
    padded = "\n" * before.count("\n") + content
    return checked_yaml.read(padded, str(FILE), _validator(), "the file", DeclaredError)


def check_conditions(project_root: Path, declared: Declared) -> None:
    """Check that each condition is SQL over columns that the model's YAML describes.

    Raises:
        DeclaredError: It is not. The message names the measure or the kind of record.
    """
    columns = {kind: _columns(project_root, declared, kind) for kind in declared.records}
    for kind in declared.records:
        _check_record(declared, kind, columns[kind])
    for code, measure in declared.measures.items():
        known = columns[measure["record"]]
        for part in _MEASURE_SQL:
            if part in measure:
                _check(declared, ("measures", code, part), measure[part], known)
        for column in measure.get("considers", {}):
            _check(declared, ("measures", code, "considers"), column, known)


def _check_record(declared: Declared, kind: str, known: set[str]) -> None:
    record = declared.records[kind]
    if not known:
        what = f"{kind}: no YAML in dbt_project/models describes {record['relation']}"
        raise declared.error(("records", kind, "relation"), what)
    if "where" in record.get("plain", {}):
        _check(declared, ("records", kind, "plain"), record["plain"]["where"], known)
    for part in _RECORD_SQL:
        if part in record:
            _check(declared, ("records", kind, part), record[part], known)
    for code, exception in record.get("exceptions", {}).items():
        for part in sorted(exception.keys() & _EXCEPTION_SQL):
            _check(declared, ("records", kind, "exceptions", code, part), exception[part], known)
    for place, one in enumerate(record["evidence"]):
        _check(declared, ("records", kind, "evidence", place), one["key"], known)


def rules_text(text: str) -> str:
    """Return the part of a file's text that decides figures, for a fingerprint.

    The file is the shared one, or one of those that a force adds.
    """
    before, begin, rest = text.partition(_BEGIN)
    content = read_shared(text).content if begin else yaml_lines.load_yaml(text)

    def without_words(part: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in part.items() if name not in ("words", "classes")}
        ends = [name for name, one in part.get("classes", {}).items() if one.get("ends_by_itself")]
        return {**kept, "ends_by_itself": ends}

    around = (before, rest.partition(_END)[2]) if begin else ()
    records, measures = (content.get(part, {}) for part in ("records", "measures"))
    return json.dumps(
        [
            *around,
            {name: without_words(one) for name, one in records.items()},
            content.get("readings", {}),
            {code: without_words(one) for code, one in measures.items()},
        ]
    )


@functools.cache
def _validator(*, of_force: bool = False) -> Draft202012Validator:
    schema = resources.files("oic_assurance.builds").joinpath("_declared_schema.yml")
    text = schema.read_text(encoding="utf-8")
    # A file that a force adds need not have all parts.
    return checked_yaml.validator(re.sub(r"(?m)^required: .*$", "", text) if of_force else text)


def _contradictions(declared: Declared) -> Iterator[tuple[yaml_lines.Path, str]]:
    """Yield what the schema cannot check: the path to each mistake, and the mistake in words."""
    yield from _of_records(declared)
    yield from _of_exceptions(declared)
    yield from _of_readings(declared)
    for code in declared.measures:
        yield from _of_measure(declared, code)


def _known() -> Mapping[str, Dataset]:
    """Return the datasets on which measures may rest, with those that the force adds."""
    return datasets() if deployment_kind() == "force" else datasets_of("force")


def _of_records(declared: Declared) -> Iterator[tuple[yaml_lines.Path, str]]:
    known = _known()
    for kind, record in declared.records.items():
        for dataset in record["rests_on"]:
            if dataset not in known:
                yield ("records", kind, "rests_on"), f"{kind}: there is no dataset {dataset}"
        first = declared.readings.get(record["evidence"][0]["reading"])
        if first and first["dataset"] not in record["rests_on"]:
            what = f"{kind}: its first evidence is of {first['dataset']}, on which it must rest"
            yield ("records", kind, "rests_on"), what
        reading = record.get("plain", {}).get("reading", record["evidence"][0]["reading"])
        if "table" not in declared.readings.get(reading, {"table": reading}):
            what = f"{kind}: {reading} is no reading of a table"
            yield ("records", kind, "plain"), what
        elif reading not in declared.readings:
            yield ("records", kind, "plain"), f"{kind}: there is no reading {reading}"
        for place, one in enumerate(record["evidence"]):
            if one["reading"] not in declared.readings:
                readings = ", ".join(declared.readings)
                what = f"{kind}: '{one['reading']}' is none of {readings}"
                yield ("records", kind, "evidence", place), what


def _of_exceptions(declared: Declared) -> Iterator[tuple[yaml_lines.Path, str]]:
    kinds: dict[str, str] = {}
    for kind, record in declared.records.items():
        for code in record.get("exceptions", {}):
            if (other := kinds.setdefault(code, kind)) != kind:
                yield ("records", kind, "exceptions", code), f"{code}: {other} has this code too"


def _of_readings(declared: Declared) -> Iterator[tuple[yaml_lines.Path, str]]:
    known = _known()
    for name, reading in declared.readings.items():
        other = reading.get("officer_of") or reading.get("through") or name
        if other not in declared.readings:
            yield ("readings", name), f"{name}: there is no reading {other}"
        if "table" in reading and ("first_version" in reading) == ("of_each_day" in reading):
            yield ("readings", name), f"{name}: either first_version or of_each_day is needed"
        if reading["dataset"] not in known:
            yield ("readings", name, "dataset"), f"{name}: there is no {reading['dataset']}"
        elif "table" in reading:
            yield from _of_table(name, reading, known[reading["dataset"]])


def _of_table(
    name: str, reading: Mapping[str, Any], dataset: Dataset
) -> Iterator[tuple[yaml_lines.Path, str]]:
    tables = {table.name: table for table in dataset.tables}
    if reading["table"] not in tables:
        what = f"{name}: {reading['table']} is none of {', '.join(tables)}"
        yield ("readings", name, "table"), what
        return
    if reading["source"] != dataset.classification:
        what = f"{name}: {dataset.name} is of {dataset.classification}"
        yield ("readings", name, "source"), what
    columns = {*dataset.content_columns(tables[reading["table"]]), *PROVENANCE}
    for part in ("key", "named_by"):
        if reading[part] not in columns:
            what = f"{name}: {part} is none of {', '.join(sorted(columns))}"
            yield ("readings", name, part), what
    # The moment of the figures, and whether the record was deleted then.
    for part in ("columns", "counts", "carry"):
        texts = reading.get(part, ())
        for text in (texts,) if isinstance(texts, str) else texts:
            unknown = _named_columns(text) - columns - {"as_at", "is_deleted"}
            if unknown:
                what = f"{name}: {part} names {min(unknown)}, which is no column of the table"
                yield ("readings", name, part), what


def _of_measure(declared: Declared, code: str) -> Iterator[tuple[yaml_lines.Path, str]]:
    known = _known()
    measure = declared.measures[code]
    path: yaml_lines.Path = ("measures", code)
    if measure["record"] not in declared.records:
        kinds = ", ".join(declared.records)
        yield (*path, "record"), f"{code}: '{measure['record']}' is none of {kinds}"
        return
    record = declared.records[measure["record"]]
    is_hours = measure["unit"] == "hours"
    if is_hours != ("percentile" in measure):
        yield (*path, "unit"), f"{code}: a measure in hours, and no other, has a percentile"
    if is_hours and "hours" not in record:
        yield (*path, "record"), f"{code}: a {measure['record']} has no hours"
    if not _is_day(measure.get("starts_on", "2025-01-01")):
        yield (*path, "starts_on"), f"{code}: {measure['starts_on']} does not exist"
    for dataset in measure.get("rests_on", ()):
        if dataset not in known:
            yield (*path, "rests_on"), f"{code}: there is no dataset {dataset}"
    for name in measure["words"].get("classes", {}):
        if name not in record["classes"]:
            classes = ", ".join(record["classes"])
            yield (*path, "words", "classes"), f"{code}: '{name}' is none of {classes}"


def _named_columns(text: str) -> set[str]:
    """Return the words of an SQL expression that can be columns: small letters, and no function."""
    without_texts = re.sub(r"'[^']*'|\{as_at_day\}", " ", text)
    words = re.findall(r"\b[a-z_]+[a-z0-9_]*\b(?!\s*\()", without_texts)
    return set(words) - _SQL_WORDS


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _columns(project_root: Path, declared: Declared, kind: str) -> set[str]:
    """Return the columns of a kind of record: of its model, or of the rows of a plain kind."""
    record = declared.records[kind]
    if "plain" in record:
        reading = declared.readings[record["plain"]["reading"]]
        dataset = datasets()[reading["dataset"]]
        [table] = [one for one in dataset.tables if one.name == reading["table"]]
        return {*dataset.content_columns(table), *PROVENANCE, "force_code", "as_at", "as_at_day"}
    model = record["relation"]
    for path in (project_root / "dbt_project" / "models").rglob(f"{model}.yml"):
        described = yaml_lines.load_yaml(path.read_text(encoding="utf-8"))["models"][0]
        return {column["name"] for column in described["columns"]}
    return set()


def _check(declared: Declared, path: yaml_lines.Path, text: str, known: set[str]) -> None:
    # Importing sqlglot takes a fifth of a second, and most runs do not need it.
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    _, name, part, *within = path
    part = " ".join(map(str, (part, *within)))
    try:
        condition = parse_one(text, dialect="postgres")
    except SqlglotError as error:
        raise declared.error(path, f"{name}: {part} is not SQL: {text}") from error
    more = [exp.AggFunc, exp.Window, exp.Query]
    if "--" in text or ";" in text or condition.find(*more):
        what = f"{name}: {part} is about one record: it has no sum, query or comment: {text}"
        raise declared.error(path, what)
    number = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg)
    if part in _CONDITIONS and (condition.is_number or isinstance(condition.unnest(), number)):
        raise declared.error(path, f"{name}: {part} is a number and no condition: {text}")
    columns = {one.name for one in condition.find_all(exp.Column)}
    if unknown := sorted(columns - known):
        allowed = ", ".join(sorted(known))
        what = f"{name}: {part} names {unknown[0]}, which is none of the columns {allowed}"
        raise declared.error(path, what)


def unit_of(measure_code: str) -> str:
    """Return the unit of a measure. One that is declared no longer counts as a share."""
    measure = read_declared(PROJECT_ROOT).measures.get(measure_code)
    return measure["unit"] if measure else "share"
