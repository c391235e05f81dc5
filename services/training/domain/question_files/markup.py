"""HTML of questions as plain text: nothing of it runs, and what is lost is said."""

import html
import re

import nh3

from services.training.domain.question_files.reading import Refused

LONGEST = 50_000
"""Characters of HTML; a question's text has at most 5,000."""
KEPT = {
    "p",
    "br",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "td",
    "th",
    "table",
    "pre",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}
LOST = {
    "a picture": ("img", "svg", "picture"),
    "a film or sound": ("video", "audio", "object", "embed", "iframe"),
    "a script or style": ("script", "style"),
    "a form": ("form", "input", "select", "textarea", "button"),
    "where a link leads": ("a",),
    "bold, italic or other looks": (
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "strike",
        "del",
        "sup",
        "sub",
        "code",
        "font",
        "mark",
    ),
    "the shape of a table": ("table",),
    "a formula": ("math",),
}
NAMES = {name: what for what, names in LOST.items() for name in names}
TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]{0,20})")
LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z/!]|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")


def plain(text: str, notes: list[str], where: str) -> str:
    """Return HTML as plain text with its paragraphs and lists; notes what is lost. Raises Refused when it is too long."""
    if len(text) > LONGEST:
        raise Refused(f"{where} has {len(text)} characters of HTML; {LONGEST} are read")
    names = {name.lower() for name in TAG.findall(text)}
    lost = dict.fromkeys(NAMES[name] for name in sorted(names) if name in NAMES)
    notes += [f"left out of {where}: {what}" for what in lost]
    clean = nh3.clean(text, tags=KEPT, attributes={}, strip_comments=True)
    clean = re.sub(r"[ \t\r\n]+", " ", clean)
    clean = re.sub(r" ?<(?:br|/tr|/li|/?ul|/?ol)> ?", "\n", clean)
    clean = re.sub(r" ?<li> ?", "\n- ", clean)
    clean = re.sub(r" ?</?(?:p|div|table|pre|blockquote|h[1-6])> ?", "\n\n", clean)
    clean = re.sub(r"</t[dh]> ?<t[dh]>", " | ", clean)
    clean = html.unescape(re.sub(r"<[^<>]*>", "", clean)).replace("\xa0", " ")
    lines = [line.strip(" ") for line in clean.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).replace("\n\n- ", "\n- ").strip()


def as_moodle_shows(text: str, notes: list[str], where: str) -> str:
    """Return a text of Moodle's own format, in which HTML may stand, as plain text."""
    return plain(text, notes, where) if LOOKS_LIKE_HTML.search(text) else text
