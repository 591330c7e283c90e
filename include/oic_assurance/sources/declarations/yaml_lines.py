"""YAML whose mistakes can be pointed at: what it says, and the line that says it."""

from dataclasses import dataclass
from typing import Any

import yaml

#: The keys and places in lists that lead to a value.
Path = tuple[str | int, ...]

#: The same loader, ten times as fast where the library that it is written in was found.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_DAY = "tag:yaml.org,2002:timestamp"


class YamlMistake(Exception):  # noqa: N818 - it becomes an error when its file is known
    """What is wrong with a text as YAML, and in which line."""

    def __init__(self, line: int, words: str) -> None:
        self.line = line
        self.words = words
        super().__init__(f"line {line}: {words}")


@dataclass(frozen=True)
class LinedYaml:
    """A YAML document: its content, and where each part of it stands."""

    said: Any
    _node: yaml.Node

    def line(self, path: Path) -> int:
        """Follow a path as far as it leads and return the line it ends on."""
        node: yaml.Node | None = self._node
        line = self._node.start_mark.line + 1
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            line, node = found
        return line


def read(text: str) -> LinedYaml:
    """Read a text as one YAML document; raises `YamlMistake`.

    A key that is given twice is a mistake here: YAML's reader would silently take the last.
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
        raise YamlMistake(1, "it says nothing")
    _check(node, set())
    return LinedYaml(yaml.load(text, Loader=_LOADER), node)  # noqa: S506 - a safe one


def _check(node: yaml.Node, seen: set[int]) -> None:
    """See that names are texts and given once, and that no text was taken for a day."""
    if id(node) in seen:  # an alias leads to what was looked at before
        return
    seen.add(id(node))
    if node.tag == _DAY:
        raise YamlMistake(node.start_mark.line + 1, f"YAML reads {node.value} as a day: quote it")
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
            raise YamlMistake(line, f"{key.value} is said twice, first in line {first[key.value]}")
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
