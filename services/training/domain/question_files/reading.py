"""What is read of one question of a file, and how it becomes one of ours: nothing is left out without a word."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from services.training.domain.question_files import extras
from services.training.domain.teaching.questions import QUESTION
from services.training.schemas.quizzes import Question
from shared.problems import Invalid

MOST = 500
"""Questions of one file."""
MOST_TAGS = 20
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NO_TAG = frozenset({"", "course", "top"})
"""Parts of a category's path that say nothing about a question."""


class NotAQuestionFile(Invalid):
    """The file cannot be read as one of questions."""


class Refused(Exception):  # noqa: N818  the author is told, it is no fault
    """A question cannot be taken; says why."""


@dataclass(slots=True)
class Draft:
    """What a file says of one question: `fields` as a body of ours would have them, `notes` on what was changed."""

    line: int
    name: str = ""
    ident: str = ""
    tags: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A question of a file: as ours, or why it is not; `notes` say what is other than the file has it.

    `line` is where it begins in the file, or in that `file` of a package in which it is.
    """

    line: int
    key: str
    question: Question | None = None
    notes: tuple[str, ...] = ()
    refused: str | None = None
    file: str | None = None


def finish(draft: Draft) -> Found:
    """Return a question as it would be kept, or why it cannot be."""
    try:
        return made(draft)
    except Refused as why:
        return refused(draft, why)


def refused(draft: Draft, why: Refused) -> Found:
    """Return a question that cannot be taken, by the id or name that it has."""
    return Found(draft.line, slug(draft.ident) or slug(draft.name), refused=str(why))


def made(draft: Draft) -> Found:
    """Put a question together; raises Refused."""
    visible = {key: value for key, value in draft.fields.items() if key not in {"key", "tags"}}
    fields, told = extras.put_back(visible, draft.extra)
    draft.notes += told
    fields["tags"] = sorted({*tags_of(draft), *fields.get("tags", ())})
    if len(fields["tags"]) > MOST_TAGS:
        draft.notes.append(
            f"the tags {', '.join(fields['tags'][MOST_TAGS:])} were left out; a question has {MOST_TAGS}"
        )
        fields["tags"] = fields["tags"][:MOST_TAGS]
    fields["key"] = key_of(draft, fields)
    try:
        question = QUESTION.validate_python(fields)
    except ValidationError as error:
        raise Refused("; ".join(said(error))) from None
    return Found(draft.line, question.key, question, tuple(draft.notes))


def said(error: ValidationError) -> Iterable[str]:
    """Say in words what is wrong with a question, at most three things."""
    for one in error.errors(include_url=False, include_context=False, include_input=False)[:3]:
        place = ".".join(str(part) for part in one["loc"][1:])
        yield f"{place}: {one['msg']}" if place else one["msg"].removeprefix("Value error, ")


def tags_of(draft: Draft) -> list[str]:
    """Return the tags of a question as ours; a category's path becomes some. Notes what is written otherwise."""
    tags = []
    for one in draft.tags:
        tag = slug(one)
        if not tag:
            draft.notes.append(f"the tag {one!r} was left out; tags have the letters a to z")
        elif tag != one:
            draft.notes.append(f"the tag {one!r} is {tag!r} here")
        tags.append(tag)
    for one in draft.categories:
        tag = slug(one)
        if not tag and one.strip("$ "):
            draft.notes.append(f"the category {one!r} was left out; tags have the letters a to z")
        tags.append(tag if tag not in NO_TAG else "")
    return [tag for tag in tags if tag]


def path_of(category: str) -> list[str]:
    """Return the parts of a category's path: `$course$/top/Law` is `Law`; a doubled slash stands for one in a name."""
    return [part.replace("\0", "/").strip() for part in category.replace("//", "\0").split("/")]


def key_of(draft: Draft, fields: dict[str, Any]) -> str:
    """Return the key of a question: the one it had with us or elsewhere, or one made of its name and its content.

    So the same question is found again, and two that only share a name are not taken for one.
    """
    ident = slug(draft.ident)
    if ident:
        if ident != draft.ident:
            draft.notes.append(f"the id {draft.ident!r} is {ident!r} here")
        return ident
    content = {key: value for key, value in fields.items() if key not in {"tags", "key"}}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]
    return f"{slug(draft.name)[:50].strip('-') or 'q'}-{digest}"


def slug(text: str) -> str:
    """Return a text as a key: small letters, digits and hyphens; empty when there are none. One that is a key stays."""
    if KEY.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text[:200]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def text_of(content: bytes) -> str:
    """Return a file's text with lines that end alike; raises NotAQuestionFile when it is not UTF-8, or marked UTF-16."""
    codec = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise NotAQuestionFile(f"Line {line} is not {codec[:6].upper().rstrip('-')}; save the file as UTF-8.") from None
    if "\0" in text:
        raise NotAQuestionFile("The file holds NUL characters; it is not a text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def enough(found: list[Found]) -> bool:
    """Say whether there are so many questions already that the file is refused."""
    return len(found) > MOST


def limited(found: list[Found]) -> list[Found]:
    """Return what was found; raises NotAQuestionFile when it is nothing or too much."""
    if not found:
        raise NotAQuestionFile("The file holds no question.")
    if enough(found):
        raise NotAQuestionFile(f"A file may have {MOST} questions, this one has more; send it in parts.")
    return found
