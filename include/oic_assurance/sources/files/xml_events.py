"""Read XML event by event, without building a tree. Document type declarations are refused."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.parsers import expat

from oic_assurance.errors import DeliveryRefused


@dataclass(frozen=True, slots=True)
class Start:
    """The start of an XML element. `name` is the element's name without the namespace prefix."""

    name: str
    attributes: dict[str, str]

    def get(self, name: str) -> str | None:
        """Return the value of an attribute, or None if the element does not have it.

        If no attribute has exactly this name, an attribute with a prefix before the name is used.
        """
        found = self.attributes.get(name)
        if found is not None:
            return found
        return next(
            (value for key, value in self.attributes.items() if key.endswith(f":{name}")), None
        )


def read_elements(chunks: Iterable[bytes], start: Callable[[Start], None], what: str) -> None:
    """Parse an XML document, and call `start` for every element.

    Raises:
        DeliveryRefused: The XML is not well formed. The message calls the document `what`.
    """
    parser = parser_without_doctype(what)
    parser.StartElementHandler = lambda name, attributes: start(
        Start(name.rpartition(":")[2], attributes)
    )
    feed(parser, chunks, what)


def parser_without_doctype(what: str) -> expat.XMLParserType:
    """Return a parser that refuses document type declarations.

    Such a declaration can define entities that expand without limit.
    """

    def refuse(*_: object) -> None:
        raise DeliveryRefused(f"{what} is damaged: it declares a document type")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    return parser


def feed(parser: expat.XMLParserType, chunks: Iterable[bytes], what: str) -> None:
    """Feed a whole document to a parser.

    Raises:
        DeliveryRefused: The XML is not well formed. The message calls the document `what`.
    """
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (
        expat.ExpatError,
        LookupError,
        ValueError,
    ) as error:  # the last two come from a bad encoding
        raise DeliveryRefused(f"{what} is damaged: {error}") from error
