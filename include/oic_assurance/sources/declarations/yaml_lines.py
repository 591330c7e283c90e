"""Read YAML together with the line of each part, so that errors can name the line."""

from dataclasses import dataclass
from typing import Any

import yaml

#: The path to a value in the document: keys and list positions.
Path = tuple[str | int, ...]

#: PyYAML's safe loader in C is ten times as fast as the one in Python, but not always installed.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """Return the content of YAML text. It is made of plain values only.

    Raises:
        yaml.YAMLError: The text is not YAML.
    """
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader


_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_DAY = "tag:yaml.org,2002:timestamp"


class YamlMistake(Exception):  # noqa: N818 - the caller adds the file and raises an error
    """A mistake in a YAML document, with its line."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True)
class LinedYaml:
    """A YAML document: its content, and the line of each part."""

    content: Any
    _node: yaml.Node

    def line(self, path: Path) -> int:
        """Return the line of the part at a path.

        If that part is missing, return the line of the part that should contain it.
        """
        node: yaml.Node | None = self._node
        line = self._node.start_mark.line + 1
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            line, node = found
        return line


def read(text: str) -> LinedYaml:
    """Read a string as one YAML document.

    A key that occurs twice is a mistake here. PyYAML would silently use the last value.

    Raises:
        YamlMistake: The text is not YAML or is empty, a key occurs twice or is not a string, a
            value has a tag, or YAML reads it as a date.
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlMistake(line, f"not YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlMistake(line, f"not YAML: {error.reason}") from error
    if node is None:
        raise YamlMistake(1, "the file is empty")
    _check(node, set())
    try:
        return LinedYaml(load_yaml(text), node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlMistake(line, f"not plain YAML: {error.problem}") from error


def _check(node: yaml.Node, seen: set[int]) -> None:
    """Check that every key is a string and occurs once, and that no value was read as a date."""
    if id(node) in seen:  # an alias of a node that was already checked
        return
    seen.add(id(node))
    if node.tag == _DAY:
        raise YamlMistake(node.start_mark.line + 1, f"YAML reads {node.value} as a date: quote it")
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check(item, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.tag not in (_TEXT, _MERGE):
            name = key.value if isinstance(key, yaml.ScalarNode) else "this"
            raise YamlMistake(line, f"YAML does not read the name {name} as a text: quote it")
        if key.value in first:
            raise YamlMistake(line, f"{key.value} occurs twice, first in line {first[key.value]}")
        first[key.value] = line
        _check(value, seen)


def _step(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    return None
