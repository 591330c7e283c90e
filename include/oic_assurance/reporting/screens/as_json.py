"""Write the result of a command as JSON, for other programs."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def to_json(record: object, **first: str) -> str:
    """Return a dataclass as a JSON document that ends with a line break.

    - The keys are the names of the fields, followed by the names of the public properties.
    - Dates and times are in ISO 8601. Times have their UTC offset.
    - A missing value is null.
    - What `first` gives comes before the fields of the record.

    Raises:
        ValueError: A number is not finite.
    """
    plain = {**first, **fields_of} if isinstance(fields_of := _plain(record), dict) else fields_of
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> object:
    """Return a value converted to types that the module `json` can write."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _names(record: Any) -> list[str]:
    names = [field.name for field in fields(record)]
    names += [name for name, member in vars(type(record)).items() if isinstance(member, property)]
    return [name for name in names if not name.startswith("_")]
