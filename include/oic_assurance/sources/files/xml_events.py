"""XML read event by event, in bounded memory, without document types."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.parsers import expat

from oic_assurance.errors import DeliveryRefused


@dataclass(frozen=True, slots=True)
class Start:
    """The start of an element, named without its namespace's prefix."""

    name: str
    attributes: dict[str, str]

    def get(self, name: str) -> str | None:
        """Return an attribute, whatever prefix it has."""
        found = self.attributes.get(name)
        if found is not None:
            return found
        return next(
            (value for key, value in self.attributes.items() if key.endswith(f":{name}")), None
        )


def read_elements(chunks: Iterable[bytes], start: Callable[[Start], None], what: str) -> None:
    """Call `start` for every element."""
    parser = parser_without_doctype(what)
    parser.StartElementHandler = lambda name, attributes: start(
        Start(name.rpartition(":")[2], attributes)
    )
    feed(parser, chunks, what)


def parser_without_doctype(what: str) -> expat.XMLParserType:
    """Give a parser that refuses document types, and with them entities that explode."""

    def refuse(*_: object) -> None:
        raise DeliveryRefused(f"{what} is damaged: it brings a document type of its own")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    return parser


def feed(parser: expat.XMLParserType, chunks: Iterable[bytes], what: str) -> None:
    """Parse a document; raises `DeliveryRefused` when it is not well formed."""
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two of an encoding
        raise DeliveryRefused(f"{what} is damaged: {error}") from error
