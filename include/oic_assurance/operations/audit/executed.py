"""Find in the server's own log what each session has read.

The server logs two things of a session: each statement when it begins, and its plan when its
execution has ended (`warehouse/hardening/log.sql`). The plan names the relations that were read, so
nobody has to understand the statement's text. A statement whose plan is not in the log has failed,
was rolled back, still runs, or is not executed by a plan (`copy`, `fetch`). Unless it is of a kind
that reads nothing, it has read something that is not known. The marts that its text names are
stated too.

A server with the module `pgaudit` also logs the relations of each statement when its execution
begins, so there it is known what a statement without a plan has read.
"""

import csv
import json
import re
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from oic_assurance.warehouse.connections import PROGRAM

#: What a statement has read whose plan is not in the log.
UNKNOWN = "something unknown"
#: Of a longer line, only this many bytes are kept, because readers can make their statements as
#: long as they like. The names of relations are found in the whole line.
LONGEST_LINE = 1024 * 1024
#: How many characters of a statement are searched for values.
LONGEST_READ = 100_000
SHORTEST_VALUE, LONGEST_VALUE = 3, 1_000

# Readers write what these patterns read, at any length. So none of them goes back (`*+`), which
# would take hours for a text that is made for it.
_STATEMENT = re.compile(
    r"(statement|fastpath function call|execute (?:fetch from )?(?:<unnamed>|\w+)(?:/\w+)?): (.*)",
    re.DOTALL,
)
_PLAN = re.compile(r'duration: \S+ ms  plan:\n\{\n  "Query Text": "((?:[^"\\]|\\.)*+)', re.DOTALL)
_CONDITION = re.compile(r'\n +"(?:[A-Z][A-Za-z-]* )*(?:Cond|Filter)": "((?:[^"\\]|\\.)*+)"')
# In a line of the log, a plan is JSON inside JSON. The text of the statement is escaped twice
# there, so it cannot look like a part of the plan.
_RELATION = re.compile(rb'\\n +\\"Relation Name\\": \\"(.+?)\\",\\n +\\"Schema\\": \\"(.+?)\\",\\n')
#: How many bytes of a line the name of a relation takes at most.
LONGEST_RELATION = 2_048
_CONNECTED = re.compile(
    r"connection authorized: user=.* database=\S+?(?: application_name=(.*?))?(?: SSL enabled .*)?"
)
_AUDITED = "AUDIT: SESSION,"
_AUDITED_NAME = re.compile(r'("(?:[^"]|"")+"|[^".]+)\.("(?:[^"]|"")+"|[^".]+)')
_READS_NOTHING = re.compile(
    r"\s*+(?:(?:begin|start|commit|end|rollback|abort|savepoint|release|set|reset|show|discard|"
    r"deallocate|close|prepare|listen|unlisten)\b[^;]*+)?;?\s*+",
    re.IGNORECASE,
)
_DECLARE = re.compile(r'\s*+declare\s++(\w++|"[^"]++")\s[^;]*+;?\s*+', re.IGNORECASE)
_FETCH = re.compile(r'\s*+(?:fetch|move)\s(?:[\w\s]*\s)?(\w++|"[^"]++")\s*+;?\s*+', re.IGNORECASE)
_FIRST_WORD = re.compile(
    r"\s*+(alter|call|comment|copy|create|declare|delete|do|drop|execute|explain|fetch|grant|insert|lock|"
    r"merge|move|revoke|select|table|truncate|update|values|with)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"(?<![\w.'$])\d[\w.]*+")
# The parts of a condition: values (strings and numbers), names in quotes, and words.
_PART = re.compile(
    r"""(E?'(?:[^']|'')*+'(?:::"?\w[\w ]*+"?(?:\[\])?)?|(?<![\w.$])\d[\w.]*+)"""
    r"""|("(?:[^"]|"")*+")|[^\W\d][\w$]*+"""
)
#: Words that only plans have. Behind them and behind names, the server writes numbers.
_OF_PLANS = {"subplan", "initplan", "hashed", "col", "column"}
_NUMBERED = re.compile(r"_?\d++$")
_ALTER_ROLE = re.compile(
    r"""\s*+alter\s++(?:role|user)\s++(?:\w++|"[^"]*+")\s++(?:in\s++database\s++(?:\w++|"[^"]*+")\s++)?"""
    r"""(?:with\s++)?(set\s++|reset\s++)?+([\w.]++)""",
    re.IGNORECASE,
)


@dataclass(eq=False)
class Statement:
    """A statement of a session, with what is known of its execution."""

    at: datetime
    text: str
    is_cut: bool = False
    #: Whether it is known what it has read.
    has_plan: bool = False
    relations: set[tuple[str, str]] = field(default_factory=set)
    #: The conditions of its plan, with `?` in place of each value and of each name that a reader
    #: chose, or what it alters of a login.
    conditions: dict[str, None] = field(default_factory=dict)
    #: The values in it. They are secret, so callers must hash them.
    values: dict[str, None] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Its conditions, or its first word if it has neither conditions nor a plan."""
        if self.has_plan or self.conditions:
            return ", ".join(self.conditions)
        word = _FIRST_WORD.match(self.text)
        return word.group(1).lower() if word else ""

    def marts(self, names: "Names") -> frozenset[str]:
        """Return the marts that it has read, and `UNKNOWN` if its plan does not tell."""
        read = {name for one in self.relations if (name := names.of(one)) is not None}
        words = set(_WORD.findall(self.text.lower()))
        if self.has_plan:
            # A plan shows the tables behind a view.
            return frozenset(read | {names.views[word] for word in words & names.views.keys()})
        named = {names.words[word] for word in words & names.words.keys()}
        return frozenset({UNKNOWN} | read | named)


@dataclass
class Names:
    """How entries name relations: a mart by its name, all others with their schema."""

    #: The relation of which each partition is a part.
    wholes: Mapping[tuple[str, str], tuple[str, str]]
    #: The names of relations, and of those that are views, by the word that stands in a statement.
    words: Mapping[str, str]
    views: Mapping[str, str]
    #: The words that no reader chose: of the language, of the server, and of the warehouse.
    known: Set[str] = frozenset()

    def of(self, relation: tuple[str, str]) -> str | None:
        """Return the name of a relation, or None if the server's catalogue or a session has it."""
        schema, name = self.wholes.get(relation, relation)
        if schema.startswith(("pg_temp", "pg_toast")) or schema == "information_schema":
            return None
        if schema == "pg_catalog" and not name.startswith(("pg_statistic", "pg_largeobject")):
            return None
        return name if schema == "marts" else f"{schema}.{name}"


class Session:
    """A session, as the lines of the server's log show it."""

    def __init__(self, line: Mapping[str, Any], known: Set[str] = frozenset()) -> None:
        self._known = known
        self.login = str(line["user"])
        self.address = str(line.get("remote_host") or "")
        self.port = int(line.get("remote_port") or 0)
        self.pid = int(line["pid"])
        self.program = _program(line.get("application_name"))
        self.statements: list[Statement] = []
        #: The statements whose plan is still to come, by their text.
        self._pending: dict[str, Statement] = {}
        #: The relations that `pgaudit` has named for statements that are still to come, by text.
        #: The execution of a portal begins before it is logged as a statement.
        self._audited: dict[str, set[tuple[str, str]]] = {}
        #: The texts of the cursors that are open, by name.
        self._cursors: dict[str, str] = {}

    def read(
        self,
        line: Mapping[str, Any],
        relations: Collection[tuple[str, str]],
        unlogged: Collection[str],
    ) -> bool:
        """Take in a line of the log. Return whether it is a statement.

        The server does not log the statements of the logins `unlogged`. So of a session that is not
        the pipeline's own, it is only known that it was there.
        """
        message = str(line.get("message", ""))
        is_cut = bool(line.get("is_cut"))
        at = _moment(line["timestamp"])
        if found := _STATEMENT.fullmatch(message):
            return self._begin(at, found, str(line.get("detail") or ""), is_cut)
        if message.startswith("execute "):
            # A name of a portal with other characters could look like the beginning of the text.
            self.statements.append(Statement(at, message, is_cut))
            return True
        if found := _PLAN.match(message):
            self._end(at, _unescaped(found.group(1)), message, relations)
        elif message.startswith(_AUDITED) and not is_cut:
            self._audit(at, message)
        elif found := _CONNECTED.fullmatch(message):
            self.program = _program(found.group(1))
            if self.login in unlogged and self.program != PROGRAM:
                said = {"a session whose statements are not logged": None}
                self.statements.append(Statement(at, "", conditions=said))
        return False

    def _begin(self, at: datetime, found: re.Match[str], detail: str, is_cut: bool) -> bool:
        what, text = found.groups()
        # Of several statements in one text, some can have no plan, and which cannot be seen.
        is_one = ";" not in text.rstrip("; \r\n\t") and not what.startswith("fastpath")
        # The name of a portal can be anything, and end like the beginning of a text.
        is_clear = not is_cut and (what == "statement" or ":" not in text)
        if detail.startswith("prepare: "):
            # The plan of an SQL `execute` has the text of the statement that was prepared.
            text, detail = detail.removeprefix("prepare: "), text
        elif is_clear and _READS_NOTHING.fullmatch(text):
            return False
        fetched = _FETCH.fullmatch(text) if is_clear else None
        if fetched and _folded(fetched.group(1)) in self._cursors:
            return False
        if what.startswith("execute fetch from") and text in self._pending:
            return False  # more rows of a statement that is known
        statement = Statement(at, text, is_cut)
        self.statements.append(statement)
        if altered := _ALTER_ROLE.match(text):
            how, name = altered.groups()
            words = f"alter role {how or ''}{self._known_word(name)}"
            statement.conditions[" ".join(words.lower().split())] = None
        # Not even the hash of a password is kept.
        if not altered or altered.group(2).lower() != "password":
            _add_values(statement.values, text, detail)
        if is_one and not is_cut:
            self._pending[text] = statement
            if text in self._audited:
                statement.relations |= self._audited.pop(text)
                statement.has_plan = True
        if declared := _DECLARE.fullmatch(text):
            self._cursors[_folded(declared.group(1))] = text
        return True

    def _audit(self, at: datetime, message: str) -> None:
        try:
            _, _, _, _, _, _, name, text, *_ = next(csv.reader([message]))
        except (csv.Error, ValueError):
            return  # a very long statement: its plan tells what it has read
        found = _AUDITED_NAME.fullmatch(name)
        relations = {(_bare(found.group(1)), _bare(found.group(2)))} if found else set()
        statement = self._pending.get(text)
        if statement is None:
            self._audited.setdefault(text, set()).update(relations)
        else:
            statement.relations |= relations
            statement.has_plan = True

    def all_statements(self) -> list[Statement]:
        """Return the statements, with what was executed without being logged as a statement."""
        if self._audited and self.statements:
            self.statements[-1].relations.update(*self._audited.values())
        return self.statements

    def _end(
        self, at: datetime, text: str, message: str, relations: Collection[tuple[str, str]]
    ) -> None:
        statement = self._pending.pop(text, None)
        if statement is not None:
            statement.has_plan = True
            self._cursors = {name: of for name, of in self._cursors.items() if of != text}
        elif self.statements:
            # A part of the last statement: of several in one text, or inside a function.
            statement = self.statements[-1]
        else:
            statement = Statement(at, text, has_plan=True)
            self.statements.append(statement)
        statement.relations.update(relations)
        for condition in map(_unescaped, _CONDITION.findall(message)):
            _add_values(statement.values, condition)
            if statement.text == text:
                shape = _PART.sub(self._masked, condition)
                statement.conditions[" ".join(shape.split())] = None

    def _masked(self, found: re.Match[str]) -> str:
        """Return a part of a condition, or `?` if it is a value or a name that a reader chose."""
        value, quoted = found.groups()
        if value:
            return "?"
        if quoted:
            return quoted if _bare(quoted) in self._known else '"?"'
        return self._known_word(found.group())

    def _known_word(self, word: str) -> str:
        ways = word.lower(), _NUMBERED.sub("", word.lower())
        return word if any(one in self._known or one in _OF_PLANS for one in ways) else "?"


def relations_in(piece: bytes) -> set[tuple[str, str]]:
    """Return the relations, each with its schema, that a piece of a line of the log names."""
    if b"Relation Name" not in piece:
        return set()
    return {
        (_unescaped(_unescaped(schema.decode())), _unescaped(_unescaped(name.decode())))
        for name, schema in _RELATION.findall(piece)
    }


def line_of(head: bytes) -> dict[str, Any]:
    """Parse a line as JSON. A line that was cut off, because it was too long, is first completed.

    Raises:
        ValueError: The line is not JSON.
    """
    if head.endswith(b"\n"):
        line: dict[str, Any] = json.loads(head)
        return line
    text = head.decode("utf-8", errors="ignore")
    # The line may be cut inside an escape sequence, which has at most six characters.
    for length in range(len(text), len(text) - 7, -1):
        try:
            line = json.loads(text[:length] + '"}')
        except ValueError:
            continue
        return {"backend_type": "client backend", **line, "is_cut": True}
    raise ValueError("not JSON")


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _folded(name: str) -> str:
    return name.strip('"') if name.startswith('"') else name.lower()


def _program(name: object) -> str:
    return re.sub(r"[^\w .:/@-]", "?", str(name or ""))[:64]


def _moment(text: str) -> datetime:
    """Parse a time in the server's log, such as "2026-07-09 05:30:01.123 UTC"."""
    value, _, zone = text.rpartition(" ")
    if zone not in ("UTC", "GMT"):
        raise ValueError("log_timezone of the server is not UTC")
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _add_values(values: dict[str, None], *texts: str) -> None:
    """Add the values in texts. What is no value does no harm: only its hash is stored.

    A string is what stands between two quotes. Which of them begin a string is not asked, because a
    quote in a comment could hide it.
    """
    for text in texts:
        given = text[:LONGEST_READ]
        found = [part.replace("\0", "'") for part in given.replace("''", "\0").split("'")]
        for array in [part for part in found if part.startswith("{")]:
            found += re.split(r'[{},"]', array)
        found += _NUMBER.findall(given)
        values |= dict.fromkeys(
            value for value in found if SHORTEST_VALUE <= len(value) <= LONGEST_VALUE
        )
