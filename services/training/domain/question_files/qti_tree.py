"""QTI items as trees that are alike for all versions: 2.x says `simpleChoice`, 3.0 `qti-simple-choice` for the same."""

import re
from collections.abc import Mapping
from html import escape
from xml.etree.ElementTree import Element

from services.training.domain.question_files.xml_tree import LINE, parse

PREFIX = "qti-"
VOID = frozenset({"br", "hr", "img", "col", "source", "track"})
"""Elements that HTML does not close: a line break that is closed would be two."""
HYPHEN = re.compile(r"-([a-z])")


def parse_alike(content: bytes) -> Element:
    """Return the root of a file with names as in QTI 2 and without namespaces; raises NotAQuestionFile."""
    root = parse(content)
    for element in root.iter():
        element.tag = name_of(element.tag)
        given = {key if key == LINE else name_of(key): value for key, value in element.items()}
        element.attrib.clear()
        element.attrib.update(given)
    return root


def name_of(name: str) -> str:
    """Return a name of an element or attribute without its namespace, as QTI 2 has it."""
    plain = name.rpartition("}")[2].removeprefix(PREFIX)
    return HYPHEN.sub(lambda found: found[1].upper(), plain)


def html_of(element: Element, instead: Mapping[str, str] | None = None) -> str:
    """Return what stands in an element as HTML without attributes; some elements are replaced by a text `instead`."""
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        if instead is not None and child.tag in instead:
            parts.append(instead[child.tag])
        else:
            parts.append(f"<{child.tag}>{html_of(child, instead)}" + ("" if child.tag in VOID else f"</{child.tag}>"))
        parts.append(escape(child.tail or "", quote=False))
    return "".join(parts)


def truth(element: Element, name: str) -> bool:
    """Return whether an attribute says yes."""
    return element.get(name, "").strip() in {"true", "1"}


def words(element: Element) -> str:
    """Return all text in an element, stripped."""
    return "".join(element.itertext()).strip()
