"""Read a YAML file and check it with a JSON Schema. Errors name the file and the line."""

import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from oic_assurance.errors import UsageError
from oic_assurance.sources.declarations import yaml_lines


def validator(schema: str) -> Draft202012Validator:
    """Return the validator for a JSON Schema that is written as YAML."""
    content: Any = yaml_lines.load_yaml(schema)
    Draft202012Validator.check_schema(content)
    return Draft202012Validator(content)


def read(
    text: str,
    file: str,
    schema: Draft202012Validator,
    whole: str,
    error_class: type[UsageError] = UsageError,
) -> yaml_lines.LinedYaml:
    """Read YAML text, and check it with a schema.

    `file` is the name of the file, and `whole` is what messages call the document as a whole, such
    as "the declaration".

    Raises:
        UsageError: The text is not YAML, or breaks the schema. The error is an `error_class`, and
            its message names the file and the line.
    """
    try:
        lined = yaml_lines.read(text)
    except yaml_lines.YamlMistake as mistake:
        raise error_class(f"{file}, line {mistake.line}: {mistake.message}.") from mistake
    error = best_match(schema.iter_errors(lined.content))
    if error is not None:
        path, message = _explained(error, whole)
        # A message quotes the value. If somebody wrote a URL with a password, it is left out.
        message = re.sub(r"://[^\s'\"]*@", "://…@", message)
        raise error_class(f"{file}, line {lined.line(path)}: {message}.")
    return lined


def _explained(error: ValidationError, whole: str) -> tuple[yaml_lines.Path, str]:
    """Return the path to a mistake that JSON Schema found, and a message for the author."""
    path = tuple(error.absolute_path)
    where = ".".join(str(step) for step in path) or whole
    message = error.message
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        path = (*path, unknown)
        message = f"'{unknown}' is unknown: choose one of {', '.join(known)}"
    elif error.validator == "pattern" and "description" in error.schema:
        message = f"{message}: {error.schema['description']}".rstrip(".")
    elif error.validator == "type" and error.validator_value == "string":
        message = f"{error.instance!r} is not a text: quote it"
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, error.instance)
    return path, f"{where}: {message}"
