"""XML of others, read without harm: no entities, no document type, not deeper than it need be; each element has its line."""

from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from services.training.domain.question_files.reading import NotAQuestionFile

DEEPEST = 40
MOST = 200_000
"""Elements of one file."""
LINE = "{shareload}line"
"""The attribute that holds the line on which an element begins; no file can have it, as it is set after reading."""


class TooDeep(Exception):  # noqa: N818  becomes a problem below
    """The elements of a file are nested too deep, or too many."""


class Lined(TreeBuilder):
    """Builds the tree and notes on which line each element begins; `parser` is set once there is one."""

    parser: DefusedXMLParser

    def __init__(self) -> None:
        super().__init__()
        self._open = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Begin an element; raises TooDeep."""
        self._open += 1
        self._count += 1
        if self._open > DEEPEST or self._count > MOST:
            raise TooDeep
        element = super().start(tag, attrs)
        element.set(LINE, str(self.parser.parser.CurrentLineNumber))
        return element

    def end(self, tag: str, /) -> Element:
        """End an element."""
        self._open -= 1
        return super().end(tag)


def parse(content: bytes) -> Element:
    """Return the root of a file; raises NotAQuestionFile."""
    builder = Lined()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    builder.parser = parser
    try:
        parser.feed(content)
        root: Element = parser.close()
    except ParseError as error:
        raise NotAQuestionFile(f"Is not well-formed XML: {error}.") from None
    except DefusedXmlException:
        raise NotAQuestionFile("Declares a document type or entities, which are not read.") from None
    except TooDeep:
        raise NotAQuestionFile(f"Has elements nested deeper than {DEEPEST}, or more than {MOST}.") from None
    except (ValueError, LookupError):
        raise NotAQuestionFile("Is in an encoding that cannot be read; save it as UTF-8.") from None
    return root


def line_of(element: Element) -> int:
    """Return the line on which an element begins."""
    return int(element.get(LINE, "1"))


def word(element: Element, path: str, default: str = "") -> str:
    """Return the text at a path, stripped."""
    return (element.findtext(path) or default).strip()
