"""Check OpenLineage events against the standard.

OpenLineage's library generates its classes from the JSON schemas of the standard. An event follows
the standard if each of its parts can be made into the class of that part: no field is missing, none
is unknown, and each has the right type.
"""

import importlib
import json
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import attr
from openlineage.client import generated
from openlineage.client.generated.base import BaseFacet, RunEvent

Event = dict[str, Any]


def read_events(path: Path) -> list[Event]:
    """Return the events of a run's file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def faults(event: Event) -> list[str]:
    """Return what in an event does not follow the standard. An empty list means nothing."""
    return list(_faults(event, RunEvent, "event"))


def latest_events(home: Path, number: int = -1) -> list[Event]:
    """Return the events of the latest run of a state folder that is over, or an earlier one."""
    files = [path for path in events_folder(home).glob("*.jsonl") if ".open." not in path.name]
    return read_events(sorted(files, key=lambda path: path.stat().st_mtime)[number])


def events_folder(home: Path) -> Path:
    """Return the folder with the events of the latest runs."""
    return home / "log" / "openlineage"


def ends(events: list[Event]) -> dict[str, Event]:
    """Return the last event of each job's last run, keyed by the job's name."""
    return {event["job"]["name"]: event for event in events if event["eventType"] != "START"}


def message(event: Event) -> str:
    """Return why the run of a job failed."""
    return str(event["run"]["facets"]["errorMessage"]["message"])


def _faults(value: Any, wanted: Any, where: str) -> Iterator[str]:
    """Return where a value is not what a type hint of the library's classes wants."""
    origin = typing.get_origin(wanted)
    if origin in (typing.Union, types.UnionType):
        yield from _faults_of_union(value, typing.get_args(wanted), where)
    elif origin in (list, dict):
        yield from _wrong_type(value, origin, where)
        yield from _faults_inside(value, typing.get_args(wanted), where)
    elif isinstance(wanted, type) and issubclass(wanted, Enum):
        if value not in {one.value for one in wanted}:
            yield f"{where}: {value!r} is no {wanted.__name__}"
    elif attr.has(wanted):
        yield from _faults_of_class(value, wanted, where)
    elif wanted is not Any:
        yield from _wrong_type(value, wanted, where)


def _faults_of_union(value: Any, options: tuple[Any, ...], where: str) -> Iterator[str]:
    if value is None and type(None) in options:
        return
    tried = [list(_faults(value, one, where)) for one in options if one is not type(None)]
    yield from min(tried, key=len)


def _faults_inside(value: Any, arguments: tuple[Any, ...], where: str) -> Iterator[str]:
    kind = arguments[-1]
    is_facet = isinstance(kind, type) and issubclass(kind, BaseFacet)
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in parts if isinstance(value, dict | list) else ():
        yield from _faults(one, _facet_class(one, kind) if is_facet else kind, f"{where}.{key}")


def _wrong_type(value: Any, wanted: type, where: str) -> Iterator[str]:
    is_number_for_bool = wanted is int and isinstance(value, bool)
    if not isinstance(value, wanted) or is_number_for_bool:
        yield f"{where}: {value!r} is no {wanted.__name__}"


def _facet_class(value: Any, family: type) -> Any:
    """Return the class of a facet, as the address of its schema names it."""
    url = value.get("_schemaURL") if isinstance(value, dict) else None
    found = _facet_classes().get(str(url))
    return found if found and issubclass(found, family) else family


def _faults_of_class(value: Any, wanted: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {wanted.__name__}"
        return
    hints = _hints(wanted)
    fields = {field.name: field for field in attr.fields(wanted)}
    for name in value.keys() - fields.keys():
        yield f"{where}: {wanted.__name__} has no field {name}"
    for name, field in fields.items():
        if name not in value:
            if field.default is attr.NOTHING:
                yield f"{where}: {name} is missing"
            continue
        yield from _faults(value[name], hints[name], f"{where}.{name}")
    if "_schemaURL" in fields and value.get("_schemaURL") != wanted._get_schema():
        yield f"{where}: {value.get('_schemaURL')} is not the schema of {wanted.__name__}"
    yield from _wrong_formats(value, fields, where)


def _wrong_formats(value: Event, fields: Mapping[str, Any], where: str) -> Iterator[str]:
    """Let the library check the formats of texts, such as a moment, a UUID or a URI."""
    for name, field in fields.items():
        if field.validator is not None and isinstance(value.get(name), str):
            try:
                field.validator(None, field, value[name])
            except (ValueError, AttributeError) as error:
                yield f"{where}.{name}: {error}"


@cache
def _hints(wanted: Any) -> dict[str, Any]:
    return typing.get_type_hints(wanted)


@cache
def _facet_classes() -> dict[str, Any]:
    """Return every class of facets, keyed by the address of its schema."""
    for module in pkgutil.iter_modules(generated.__path__):
        importlib.import_module(f"{generated.__name__}.{module.name}")
    found: dict[str, Any] = {}
    waiting: list[Any] = [BaseFacet]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        # attrs makes a new class with slots, and the old one without fields is there until it is
        # collected as garbage.
        known = found.get(one._get_schema(), one)
        found[one._get_schema()] = max(known, one, key=lambda each: len(attr.fields(each)))
    return found
