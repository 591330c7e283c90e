"""Read the policy seeds, and check each cell before anything uses it.

The YAML beside the seeds declares what a cell may hold, and nothing else does:

- `column_types` lists the columns of a seed, each with its type.
- dbt's tests `accepted_values`, `relationships` and `unique_together` limit the values. A key that
  ends with `effective_from` holds for each day: no two of its rows apply on the same day.
- The `meta` of a column has the fields of `Column` that dbt has no test for.
- The `meta` of a seed has `every_day`: the days on which a row must apply (`policy_check`).

A cell must be filled unless its column may be blank. `effective_to` is blank while a row applies.
"""

import csv
import functools
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from oic_assurance.builds.declared import FILE, OWN, read_declared
from oic_assurance.builds.force_folder import read_force, strangers
from oic_assurance.builds.version import NATIONAL, SEEDS, seed_folders
from oic_assurance.commands import as_typed
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Kind, declarations_folder, deployment_kind
from oic_assurance.sources.declarations import yaml_lines
from oic_assurance.sources.declarations.load import datasets, datasets_of

FROM, TO = "effective_from", "effective_to"
#: The form of the code of a point.
CODE = r"[A-Z][A-Z0-9_]{0,39}"
#: The model of the declared measures, to which seeds refer.
MEASURES = "policy_measure"
#: The seed of the points, one of which each measure is about.
POINTS = "point_words"
#: A span of days, both included, and the line of its row.
Span = tuple[date, date, int]
#: The values of a row: text, int, Decimal, bool, date, or None for a blank cell.
Row = Mapping[str, Any]

#: The largest number of mistakes that an error lists, and of values that a mistake lists.
_LISTED = 40
_LONGEST = 60
#: For each type: what a text looks like, how it becomes a value, and what is allowed in words.
_FORMS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "text": (r"[^\x00-\x1f\x7f]*", str, "a text in one line"),
    "date": (r"\d{4}-\d\d-\d\d", date.fromisoformat, "a day such as 2026-03-01"),
    "boolean": ("true|false", lambda text: text == "true", "true or false"),
    "integer": (r"-?\d{1,9}", int, "a whole number"),
    "numeric": (r"-?\d+(\.\d+)?", Decimal, "a number such as 24 or 0.95"),
}
_FORMS["double precision"] = _FORMS["numeric"]


class SeedsError(AssuranceError):
    """Seeds have mistakes. The message has one line, or a line for each of several mistakes."""

    @classmethod
    def of(cls, mistakes: Sequence[str]) -> "SeedsError":
        """Return the error that lists mistakes."""
        head = "The policy cannot be used"
        if len(mistakes) == 1:
            return cls(f"{head}: {mistakes[0]}.")
        listed = [f"{mistake}." for mistake in mistakes[:_LISTED]]
        more = len(mistakes) - len(listed)
        listed += [f"{more} more mistakes are not listed."] if more else []
        return cls(f"{head}: there are {len(mistakes)} mistakes in seeds.", listed)


@dataclass(frozen=True)
class Column:
    """What the YAML says of a column. `meta` can have each field from `declared` on.

    Attributes:
        values: The values of its test `accepted_values`. Without one, any value is accepted.
        refers_to: The seed and the column of its test `relationships`.
        declared: `dataset` or `class` if a value is a declared one, or the declared column of which
            it is a code, such as `hr/personnel.absence_status`.
        share_if: Other columns with values. A row with one of these values has a share from 0 to 1.
        needed: The names of numbers that rules read, each with the dataset whose records the number
            judges, or with a blank text. Other names are those of targets, which are shares.
        not_before: Another column, whose day must not be later.
        is_code: Whether a text is a code: capital letters, digits and underscores.
        filled_in: The names that a text can have in curly brackets, to be replaced by figures.
    """

    type: str
    values: tuple[str, ...] = ()
    refers_to: tuple[str, str] | None = None
    declared: str = ""
    may_be_blank: bool = False
    at_least: int | None = None
    share_if: Mapping[str, Sequence[str]] = field(default_factory=dict)
    needed: Mapping[str, str] = field(default_factory=dict)
    first_of_month: bool = False
    not_before: str = ""
    is_code: bool = False
    filled_in: Sequence[str] = ()


@dataclass(frozen=True)
class EveryDay:
    """The days on which a seed must have a row.

    Attributes:
        by: Columns. A combination of their values is called a name, and a row must apply for each
            name. If a column accepts only some values, each of them must occur. Without columns,
            any one row is enough.
        otherwise: What would happen on a day without a row. `{name}` stands for the name.
        since: The first day, or an empty text for the day on which the first row of a name begins.
        may_end: Whether a name may end for good, as a force that was merged.
        of_dataset: The dataset whose records the rows judge. A force without it needs no row.
    """

    by: Sequence[str]
    otherwise: str
    since: str = ""
    may_end: bool = False
    of_dataset: str = ""


@dataclass
class Seed:
    """A seed: what its YAML declares, and its rows without a mistake, each with its line.

    Attributes:
        without: The datasets that the force has not, so that rows about them are not needed.
        texts: The texts of each column's cells that are filled and right, with their lines.
    """

    name: str
    file: str
    columns: Mapping[str, Column]
    keys: Sequence[Sequence[str]]
    every_day: EveryDay | None
    without: Collection[str] = ()
    lines: list[tuple[int, Row]] = field(default_factory=list)
    texts: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """The rows, in the order of the file."""
        return [row for _, row in self.lines]

    @property
    def may_be_empty(self) -> bool:
        """Whether the seed has no row, and the force has nothing that a row would judge."""
        rule = self.every_day
        return not self.lines and rule is not None and rule.of_dataset in self.without

    def said(self, line: int, column: str, what: str, allowed: str) -> str:
        """Return a mistake in words."""
        place = f"{self.file}, line {line}" + (f", column {column}" if column else "")
        return f"{place}: {what}; allowed: {allowed}"

    def mistake(self, line: int, column: str, what: str, allowed: str) -> None:
        """Note a mistake."""
        self.mistakes.append((line, self.said(line, column, what, allowed)))

    def spans(self, by: Sequence[str]) -> dict[tuple[Any, ...], list[Span]]:
        """Return the days on which rows apply, sorted, for each combination of values in `by`."""
        found: dict[tuple[Any, ...], list[Span]] = {}
        for line, row in self.lines:
            span = (row[FROM], row[TO] or date.max, line)
            found.setdefault(tuple(row[column] for column in by), []).append(span)
        return {name: sorted(spans) for name, spans in found.items()}


#: The seeds of a kind of warehouse, by name.
Seeds = Mapping[str, Seed]


def read_seeds(project_root: Path, kind: Kind = "force") -> Seeds:
    """Return the seeds of a kind of warehouse by name.

    Raises:
        SeedsError: A seed has a mistake. The message lists all mistakes of all seeds.
    """
    seeds = _read_now(project_root, kind)
    if mistakes := [text for one in seeds.values() for _, text in sorted(one.mistakes)]:
        raise SeedsError.of(mistakes)
    return seeds


def _read_now(project_root: Path, kind: Kind) -> Mapping[str, Seed]:
    """Read the seeds, unless they have been read since their files last changed."""
    folders = seed_folders(project_root)
    files = [file for one in folders for file in (*one.rglob("*.csv"), *one.rglob("*.yml"))]
    files += (folders[1].parent / OWN).glob("*.yml")
    files += [(project_root / SEEDS).parent / "dbt_project.yml", project_root / FILE]
    state = ((str(one), one.stat()) for one in sorted(files) if one.exists())
    stamp = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in state)
    own = declarations_folder() if kind == deployment_kind() else None
    return _read(project_root, folders, kind, own, stamp)


def homes_of_seeds(project_root: Path) -> dict[str, str]:
    """Return in which part of the folder of a force each seed is that stands in one."""
    forms = _forms(project_root)
    return {name: home for name, (entry, _) in forms.items() if (home := _home_of(entry))}


def read_seed(project_root: Path, name: str) -> Seed:
    """Return one seed. Mistakes in other seeds do not matter.

    Raises:
        SeedsError: The seed has a mistake. The message lists all mistakes.
    """
    found = _read_now(project_root, "force")[name]
    if found.mistakes:
        raise SeedsError.of([text for _, text in sorted(found.mistakes)])
    return found


@functools.lru_cache(maxsize=4)
def _read(
    root: Path, folders: Sequence[Path], kind: Kind, own: Path | None, _stamp: object
) -> Seeds:
    """Read and check the seeds. `own` is the folder of declarations that the deployment adds."""
    files = _files(root, folders, kind)
    folder = root / SEEDS / NATIONAL if kind == NATIONAL else root / SEEDS
    of_force = {one.name: one for one in folders[1:]}
    forms = _forms(root)
    for name, (entry, place) in forms.items():
        if place == folder:
            files.setdefault(name, of_force.get(_home_of(entry), folder) / f"{name}.csv")
    without: Collection[str] = ()
    if homes := homes_of_seeds(root):
        without = _check_folder(root, folders[1].parent, homes)
    seeds = {}
    for name, path in sorted(files.items()):
        file = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
        try:
            seeds[name] = _seed(forms[name][0] if name in forms else {"name": name}, file)
        except (AttributeError, LookupError, TypeError) as error:
            raise SeedsError.of([f"{file}: its YAML has a mistake ({error})"]) from error
        seeds[name].without = without
        _fill(seeds[name], path)
    known: dict[str, Any] = {"dataset": datasets() if own else datasets_of(kind)}
    if POINTS in seeds:
        known |= _declared(root, seeds)
    _check_together(seeds, known)
    return seeds


def _check_together(seeds: Seeds, known: Mapping[str, Any]) -> None:
    """Check what no seed shows alone: names of other rows, keys, and rows that are needed."""
    for one in seeds.values():
        _check_references(one, seeds, known)
        for key in one.keys:
            _check_key(one, key)
        for column in one.every_day.by if one.every_day and not one.may_be_empty else ():
            _check_names(one, column)
        for column, said in one.columns.items():
            if said.needed:
                _check_needed(one, column, seeds)


def _forms(root: Path) -> dict[str, tuple[Mapping[str, Any], Path]]:
    """Return what the YAML says of each seed, and the folder of that YAML."""
    files = sorted((root / SEEDS).rglob("*.yml"))
    return {one["name"]: (one, file.parent) for file in files for one in _entries(root, file)}


def _home_of(entry: Mapping[str, Any]) -> str:
    home: str = entry.get("config", {}).get("meta", {}).get("folder", "")
    return home


def _check_folder(root: Path, folder: Path, homes: Mapping[str, str]) -> Collection[str]:
    """Check that a folder of a force has the files that belong into it, and no others.

    Returns the datasets that the force has not.
    """
    without = read_force(folder).without
    mistakes = list(strangers(folder, homes))
    for old in sorted((root / SEEDS).glob("*.csv")):
        if old.stem in homes:
            how = as_typed(f"`assurance force new FOLDER --from {SEEDS}` writes")
            what = f"{old.relative_to(root)}: version 1.0 had this file here; allowed: in a folder"
            mistakes.append(f"{what} of the force, which {how} from such files")
    if mistakes:
        raise SeedsError.of(mistakes)
    return without


def _declared(root: Path, seeds: Seeds) -> dict[str, Any]:
    """Return the declared measures, each of which is about a known point, and the classes.

    A point that is judged by its recent period needs a measure of events.
    """
    declared, points = read_declared(root), seeds[POINTS]
    for line, row in seeds["policy_point"].lines:
        code = row["measure_code"]
        is_recent = row["judged_by"] == "recent_period" and code in declared.measures
        if is_recent and declared.is_snapshot(code):
            what = f"{code} counts what there is on a day, and has no period"
            seeds["policy_point"].mistake(line, "judged_by", what, "deadline")
    known = {text for _, text in points.texts.get("point_code", ())}
    for code, measure in declared.measures.items():
        if measure["point"] not in known and not points.mistakes:
            what = f"{code}: '{measure['point']}' is unknown: choose one of {', '.join(known)}"
            raise declared.error(("measures", code, "point"), what)
    classes = {one: None for record in declared.records.values() for one in record["classes"]}
    # The rules of the Board's questions tell this class from other strands that are not met.
    return {MEASURES: declared.measures, "class": (*classes, "review_past")}


def _entries(root: Path, path: Path) -> list[Mapping[str, Any]]:
    """Return what a YAML file says of each seed."""
    try:
        entries: list[Mapping[str, Any]] = yaml_lines.read(path.read_text("utf-8")).content["seeds"]
    except yaml_lines.YamlMistake as mistake:
        file = path.relative_to(root).as_posix()
        raise SeedsError.of([f"{file}, line {mistake.line}: {mistake.message}"]) from mistake
    return entries


def _files(root: Path, folders: Sequence[Path], kind: Kind) -> dict[str, Path]:
    """Return the file of each seed that dbt builds for a kind of warehouse, by name."""
    files = {path.stem: path for folder in folders for path in folder.glob("*.csv")}
    if kind != NATIONAL:
        return files
    project = yaml_lines.load_yaml(
        (root / SEEDS.parent / "dbt_project.yml").read_text(encoding="utf-8")
    )
    rules = project["seeds"][project["name"]].items()
    both = [name for name, rule in rules if isinstance(rule, dict) and rule.get("+enabled") is True]
    own = {path.stem: path for path in (root / SEEDS / NATIONAL).glob("*.csv")}
    return {name: path for name, path in files.items() if name in both} | own


def _seed(entry: Mapping[str, Any], file: str) -> Seed:
    """Return what the YAML says of a seed, without rows."""
    config = entry.get("config", {})
    described = {column["name"]: column for column in entry.get("columns", ())}
    columns = {
        name: _column(kind, described.get(name, {}))
        for name, kind in config.get("column_types", {}).items()
    }
    keys = [key["columns"] for key in _tests(entry, "unique_together")]
    given = config.get("meta", {}).get("every_day")
    every_day = EveryDay(**given) if given else None
    named = [name for key in keys for name in key] + list(every_day.by if every_day else ())
    named += [name for one in columns.values() for name in (one.not_before, *one.share_if) if name]
    for name in named:
        if name not in columns:
            raise LookupError(f"there is no column {name}")
    return Seed(entry["name"], file, columns, keys, every_day)


def _column(kind: str, entry: Mapping[str, Any]) -> Column:
    """Return what the YAML says of a column, whose type must be one of `_FORMS`."""
    if kind not in _FORMS:
        raise LookupError(f"the type {kind} is unknown")
    values = [test["values"] for test in _tests(entry, "accepted_values")]
    refers = [(test["to"].split("'")[1], test["field"]) for test in _tests(entry, "relationships")]
    return Column(
        kind,
        tuple(values[0]) if values else (),
        refers[0] if refers else None,
        **entry.get("config", {}).get("meta", {}),
    )


def _tests(entry: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the arguments of each dbt test of a seed or column that is called `name`."""
    tests = entry.get("data_tests", ())
    return [test[name]["arguments"] for test in tests if isinstance(test, dict) and name in test]


def _fill(seed: Seed, path: Path) -> None:
    """Read the rows of a seed from its file, and note each mistake in a row."""
    if not seed.columns:
        seed.mistake(1, "", "no YAML beside the seeds has its `column_types`", "a declared seed")
        return
    lines = list(_lines(seed, path))
    header = lines[0][1] if lines else []
    _check_header(seed, header)
    is_sound = not seed.mistakes
    for line, cells in lines[1:]:
        if not any(cells):
            seed.mistake(line, "", "the line has no value", "no empty line")
        elif len(cells) != len(header):
            what = f"the line has {len(cells)} cells"
            seed.mistake(line, "", what, f"{len(header)} cells, as the header has")
        else:
            # If the header has a column twice, the first one is checked.
            row = _row(seed, line, dict(reversed([*zip(header, cells, strict=True)])))
            if row is not None and is_sound:
                seed.lines.append((line, row))


def _check_header(seed: Seed, header: Sequence[str]) -> None:
    columns = ", ".join(seed.columns)
    if not header and not seed.mistakes:
        seed.mistake(1, "", "there is no header", columns)
    for place, name in enumerate(header):
        if name in header[:place]:
            seed.mistake(1, name, "the header has this column twice", columns)
        elif name in seed.columns:
            seed.texts[name] = []
        else:
            seed.mistake(1, name, "the seed has no such column", columns)
    for name in seed.columns:
        if header and name not in header:
            seed.mistake(1, name, "the column is missing", columns)


def _lines(seed: Seed, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line, with the number of the line in which the cells begin."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        seed.mistake(1, "", f"the file cannot be read ({error.strerror})", "a file that exists")
        return
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        seed.mistake(line, "", "a character is not in UTF-8", "a file that is saved as CSV UTF-8")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        what = f"the line cannot be read ({error})"
        seed.mistake(line, "", what, "cells with commas between them, and quotes in pairs")


def _row(seed: Seed, line: int, texts: Mapping[str, str]) -> Row | None:
    """Return the values of a row, or note its mistakes and return None."""
    before = len(seed.mistakes)
    row: dict[str, Any] = {}
    for name, column in seed.columns.items():
        if name not in texts:
            continue
        text = texts[name]
        is_share = any(texts.get(other) in values for other, values in column.share_if.items())
        what = _wrong(column, text, is_share=is_share)
        if not text and (column.may_be_blank or name == TO):
            row[name] = None
        elif what:
            seed.mistake(line, name, what, _allowed(column, is_share=is_share))
        else:
            seed.texts[name].append((line, text))
            row[name] = _FORMS[column.type][1](text)
    for name, column in seed.columns.items():
        other = FROM if name == TO else column.not_before
        if row.get(name) and row.get(other) and row[name] < row[other]:
            what = f"{row[name]} is before {other}, which is {row[other]}"
            seed.mistake(line, name, what, f"a day from {row[other]} on")
    return row if len(seed.mistakes) == before else None


def _wrong(column: Column, text: str, *, is_share: bool) -> str:
    """Return what is wrong with the text of a cell, or an empty text."""
    form, convert, _ = _FORMS[column.type]
    shown = repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")
    if not text:
        return "the cell is blank"
    if text != text.strip():
        return f"{shown} has blanks around it"
    if text.lower() == "null":
        return f"{shown} would be read as blank"
    if not re.fullmatch(CODE if column.is_code else form, text, re.ASCII):
        return f"{shown} is not allowed"
    if column.filled_in and (unknown := set(re.findall("{(.*?)}", text)) - {*column.filled_in}):
        return f"{{{min(unknown)}}} is not filled in"
    try:
        value: Any = convert(text)
    except ValueError:
        return f"{shown} does not exist"
    too_small = column.at_least is not None and value < column.at_least
    if (column.values and text not in column.values) or too_small or (is_share and value > 1):
        return f"{shown} is not allowed"
    if column.first_of_month and value.day != 1:
        return f"{shown} is not the first of a month"
    return ""


def _allowed(column: Column, *, is_share: bool = False) -> str:
    """Return what a cell may hold, in words."""
    allowed = _FORMS[column.type][2]
    if column.is_code:
        allowed = "at most 40 capital letters, digits and underscores"
    elif column.filled_in:
        allowed += " with " + ", ".join(f"{{{name}}}" for name in column.filled_in)
    elif column.values:
        allowed = ", ".join(column.values)
    elif is_share:
        allowed = "a share from 0 to 1, such as 0.95"
    elif column.first_of_month:
        allowed = "the first day of a month, such as 2026-03-01"
    elif column.at_least is not None:
        allowed += f", at least {column.at_least}"
    return f"{allowed}, or blank" if column.may_be_blank else allowed


def _check_references(seed: Seed, seeds: Seeds, known: Mapping[str, Any]) -> None:
    """Note each value that does not exist where the YAML says that it does."""
    for name, column in seed.columns.items():
        if column.refers_to is not None:
            other, field_name = column.refers_to
            if other in known:
                values, where = dict.fromkeys(known[other]), "a declared measure"
            elif other in seeds and field_name in seeds[other].texts:
                values = dict.fromkeys(text for _, text in seeds[other].texts[field_name])
                where = f"{field_name} of {other}"
            else:
                continue
        elif column.declared in known:
            values, where = dict.fromkeys(known[column.declared]), f"a declared {column.declared}"
        elif column.declared:
            dataset, _, field_name = column.declared.rpartition(".")
            columns = [one for table in known["dataset"][dataset].tables for one in table.columns]
            codes = [code for one in columns if one.name == field_name for code in one.codes]
            values, where = dict.fromkeys(codes), column.declared
        else:
            continue
        listed = ", ".join(values) if len(values) <= _LISTED else f"{len(values)} codes"
        for line, text in seed.texts.get(name, ()):
            if text not in values:
                seed.mistake(line, name, f"{text!r} is unknown", f"{listed} ({where})")


def _check_key(seed: Seed, key: Sequence[str]) -> None:
    """Note each row whose key another row has, on the same day if the key has `effective_from`."""
    by = [column for column in key if column != FROM]
    if FROM not in key:
        first: dict[tuple[Any, ...], int] = {}
        for line, row in seed.lines:
            name = tuple(row[column] for column in by)
            if name in first:
                what = f"line {first[name]} has {_words(name)} too"
                seed.mistake(line, by[-1], what, "one row for each")
            first.setdefault(name, line)
        return
    for name, spans in seed.spans(by).items():
        until, earlier = date.min, 0
        for begins, ends, line in spans:
            if earlier and begins <= until:
                what = f"line {earlier} applies on {begins} too, for {_words(name)}"
                seed.mistake(line, FROM, what, "one row for a day")
            if not earlier or ends > until:
                until, earlier = ends, line


def _check_names(seed: Seed, column: str) -> None:
    """Note each value that a column accepts and that has no row."""
    found = {text for _, text in seed.texts.get(column, ())}
    for value in seed.columns[column].values if column in seed.texts else ():
        if value not in found:
            what = f"there is no row for {value}"
            seed.mistake(1, column, what, f"a row for each of {_allowed(seed.columns[column])}")


def _check_needed(seed: Seed, column: str, seeds: Seeds) -> None:
    """Note each number that is missing, that nothing reads, or that is a target and no share."""
    found = dict(reversed([(text, line) for line, text in seed.texts.get(column, ())]))
    needed = seed.columns[column].needed
    targets = {row["target_threshold"] for row in seeds["policy_point"].rows}
    for name, dataset in needed.items():
        if name not in found and dataset not in seed.without:
            seed.mistake(1, column, f"there is no row for {name}", "a row for each number in use")
    for name, line in found.items():
        if name not in needed and name not in targets and not seeds["policy_point"].mistakes:
            listed = ", ".join([*needed, *sorted(targets)])
            seed.mistake(line, column, f"{name!r} is unknown", f"{listed} (a rule, or a point)")
    for line, row in seed.lines:
        if row[column] in targets and row["value"] > 1:
            what, allowed = f"'{row['value']}' is not allowed", "a share from 0 to 1, such as 0.95"
            seed.mistake(line, "value", what, allowed)


def uncovered(spans: Iterable[Span], first: date, until: date) -> Iterator[tuple[date, int]]:
    """Yield the first day of each gap from `first` to `until`, with the line of the row before it.

    The spans are sorted. The line is 0 if there is no row before the gap.
    """
    day, before = first, 0
    for begins, ends, line in spans:
        if begins > day and day <= until:
            yield day, before
        if ends >= day:
            day, before = (ends if ends == date.max else ends + timedelta(days=1)), line
    if day <= until:
        yield day, before


def _words(name: Iterable[Any]) -> str:
    return " ".join(str(part) for part in name)
