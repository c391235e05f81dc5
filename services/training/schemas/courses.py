"""Bodies of /courses: courses, their versions, and what of a version everybody may see."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.training.schemas.modules import AnyModule, FileName, Lesson, Markdown, Module, Video
from services.training.schemas.pacing import Opening
from services.training.schemas.scenarios import Scenario
from shared.locales import Locale
from shared.schemas import Body, Line, Paragraph, Resource, Slug, Text

Summary = Annotated[Text, Field(max_length=5000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Due = Annotated[int, Field(ge=1, le=3650)]


class CourseIn(Body):
    """A new course; `external_courses` are the names under which other systems report it as completed."""

    key: Slug
    title: Line
    summary: Summary = ""
    external_courses: Annotated[list[Line], Field(max_length=50)] = Field(default=[])


class ReplyText(Body):
    """A reply of a scenario in another language."""

    text: Paragraph
    feedback: Paragraph | None = None


class NodeText(Body):
    """A node of a scenario in another language."""

    post: Paragraph
    replies: dict[Slug, ReplyText] = Field(default={})


class ModuleText(Body):
    """What of a module is said in another language; what is left out is shown as it was written first."""

    title: Line | None = None
    markdown: Markdown | None = None
    video: Video | None = None
    criteria: Annotated[list[Line], Field(max_length=20)] | None = None
    nodes: dict[Slug, NodeText] | None = None


class Translation(Body):
    """A version in another language: titles, and as many of its modules as are translated."""

    title: Line | None = None
    summary: Summary | None = None
    modules: dict[Slug, ModuleText] = Field(default={})


class CourseVersionIn(Body):
    """The modules of a new version, in force at once for those who enrol from now on, or a `draft`.

    `prerequisites` are courses to complete before any module opens, `due_days` counts from the enrolment. `assets`
    maps the names by which texts refer to files (`assets/<name>`) to the hashes of files that were uploaded.
    """

    modules: Annotated[list[Module], Field(min_length=1, max_length=50)]
    draft: bool = False
    locale: Locale = "en"
    note: Annotated[Text, Field(max_length=2000)] = ""
    prerequisites: Annotated[list[Slug], Field(max_length=20)] = Field(default=[])
    due_days: Due | None = None
    assets: Annotated[dict[FileName, Hash], Field(max_length=200)] = Field(default={})
    translations: Annotated[dict[Locale, Translation], Field(max_length=50)] = Field(default={})

    @model_validator(mode="after")
    def check_parts(self) -> Self:
        """Refuse what does not fit together; all that is wrong is told at once."""
        wrong = [*order_faults(self.modules), *translation_faults(self)]
        if wrong:
            raise PydanticCustomError("version", "{faults}", {"faults": "; ".join(wrong[:20])})
        return self


def order_faults(modules: Sequence[AnyModule]) -> Iterator[str]:
    """Yield why modules could not be taken one after the other."""
    keys = [module.key for module in modules]
    if len(set(keys)) < len(keys):
        yield "two modules share a key"
    for module in modules:
        yield from (f"{module.key} requires {key}, which is no module" for key in module.requires if key not in keys)
    if modules[0].opens is not None and modules[0].opens.after_previous_days is not None:
        yield f"{modules[0].key} is the first module, so it opens after no other"
    waits = waits_for(modules)
    free: set[str] = set()
    while ready := [key for key, others in waits.items() if key not in free and others <= free]:
        free.update(ready)
    stuck = [key for key in waits if key not in free]
    if stuck and len(set(keys)) == len(keys):
        yield f"these modules wait for each other: {', '.join(stuck)}"


def waits_for(modules: Sequence[AnyModule]) -> Mapping[str, set[str]]:
    """Return for each module which others have to be done before it opens."""
    known = {module.key for module in modules}
    waits = {module.key: known.intersection(module.requires) for module in modules}
    for before, module in pairwise(modules):
        if module.opens is not None and module.opens.after_previous_days is not None:
            waits[module.key].add(before.key)
    return waits


def translation_faults(version: CourseVersionIn) -> Iterator[str]:
    """Yield what translations say of that is not in the version."""
    modules = {module.key: module for module in version.modules}
    for locale, translation in version.translations.items():
        if locale == version.locale:
            yield f"{locale} is the language that the version is written in"
        for key, text in translation.modules.items():
            if key not in modules:
                yield f"the {locale} translation is of {key}, which is no module"
            else:
                yield from (f"the {locale} translation of {key} {fault}" for fault in text_faults(modules[key], text))


def text_faults(module: AnyModule, text: ModuleText) -> Iterator[str]:
    """Yield what a translation says that its module does not have."""
    for name in text.model_fields_set:
        if name not in type(module).model_fields:
            yield f"has {name}, which a {module.kind} has not"
    if isinstance(module, Scenario):
        nodes = module.by_key
        for key, said in (text.nodes or {}).items():
            replies = {reply.key for reply in nodes[key].replies} if key in nodes else set()
            if key not in nodes:
                yield f"is of the node {key}, which it has not"
            elif said.replies.keys() - replies:
                yield f"is of replies that {key} has not: {', '.join(sorted(said.replies.keys() - replies))}"


class ModuleOut(Resource):
    """A module as everybody may see it: what it is, and no more of a quiz or scenario than its title."""

    kind: str
    key: str
    title: str
    locale: str
    """The language in which this module is shown, by `fallback` another one than asked for."""
    fallback: bool = False
    minutes: int | None = None
    requires: list[str] = Field(default=[])
    opens: Opening | None = None
    due_days: int | None = None
    draw: int | None = None
    pass_mark: float | None = None
    attempts: int | None = None
    cool_down_minutes: int | None = None
    time_limit_minutes: int | None = None


class CourseOut(Resource):
    """A course and the modules of the version in force; `version` is 0 while there is none."""

    id: str
    key: str
    title: str
    summary: str
    version: int
    revision: int
    locale: str | None = None
    fallback: bool = False
    locales: list[str] = Field(default=[])
    prerequisites: list[str] = Field(default=[])
    due_days: int | None = None
    minutes: int | None = None
    """The estimated time for all modules together, where it is known of some."""
    modules: list[ModuleOut] = Field(default=[])


class VersionWarning(Resource):
    """What of a text will not be shown as it was written: where it is in the body, and the line within it."""

    pointer: str
    line: int
    message: str


class CourseVersionOut(Resource):
    """A version with all its questions and right answers, for its authors."""

    course: str
    number: int
    state: Literal["draft", "published"]
    created_at: datetime
    published_at: datetime | None
    revision: int
    note: str = ""
    locale: str
    prerequisites: list[str] = Field(default=[])
    due_days: int | None = None
    assets: dict[str, str] = Field(default={})
    translations: dict[str, Translation] = Field(default={})
    modules: list[Module]
    warnings: list[VersionWarning] = Field(default=[])
    """Given with the answer to a write."""


class AssetOut(Resource):
    """A file of a course; `url` serves it to whoever may learn."""

    name: str
    hash: str
    media_type: str
    size: int
    url: str


__all__ = [
    "AnyModule",
    "AssetOut",
    "CourseIn",
    "CourseOut",
    "CourseVersionIn",
    "CourseVersionOut",
    "Lesson",
    "Module",
    "ModuleOut",
    "ModuleText",
    "Translation",
    "VersionWarning",
]
