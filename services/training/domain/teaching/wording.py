"""In which language a reader gets a version: each module in the best that there is, and it is told which."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.training.schemas.courses import AnyModule, CourseOut, CourseVersionOut, ModuleOut, ModuleText, NodeText
from services.training.schemas.scenarios import Node, Scenario
from services.training.tables import Course
from shared.locales import best_first, serves


@dataclass(frozen=True, slots=True)
class Worded:
    """A module as it is shown: its language, and whether another one was asked for."""

    module: AnyModule
    locale: str
    fallback: bool


def worded(version: CourseVersionOut, module: AnyModule, asked: str | None) -> Worded:
    """Return a module in the best language for who asks; in the one that it was written in, if they don't say."""
    there = [locale for locale, translation in version.translations.items() if module.key in translation.modules]
    locale = choose(version.locale, there, asked)
    text = version.translations[locale].modules[module.key] if locale != version.locale else ModuleText()
    return Worded(translated(module, text), locale, fallback=asked is not None and not serves(locale, asked))


def choose(original: str, translated: Iterable[str], asked: str | None) -> str:
    """Return the locale to show: the best of those there are, else the one that it was written in."""
    if asked is None or original == asked:
        return original
    return next(iter(best_first([*translated, original], asked)), original)


def translated(module: AnyModule, text: ModuleText) -> AnyModule:
    """Return a module with those of its words that a translation has."""
    said = {name: getattr(text, name) for name in text.model_fields_set - {"nodes"} if getattr(text, name) is not None}
    if isinstance(module, Scenario) and text.nodes:
        said["nodes"] = [translated_node(node, text.nodes.get(node.key)) for node in module.nodes]
    return module.model_copy(update=said)


def translated_node(node: Node, text: NodeText | None) -> Node:
    """Return a node with those of its words that a translation has."""
    if text is None:
        return node
    replies = [
        reply.model_copy(update=text.replies[reply.key].model_dump(exclude_none=True))
        if reply.key in text.replies
        else reply
        for reply in node.replies
    ]
    return node.model_copy(update={"post": text.post, "replies": replies})


def course_out(row: Course, version: CourseVersionOut, asked: str | None) -> CourseOut:
    """Return a course with the outline of a version."""
    titled = [locale for locale, translation in version.translations.items() if translation.title]
    locale = choose(version.locale, titled, asked)
    translation = version.translations.get(locale)
    known = [module.minutes for module in version.modules if module.minutes]
    return CourseOut(
        id=row.id,
        key=row.key,
        title=(translation and translation.title) or row.title,
        summary=(translation and translation.summary) or row.summary,
        version=row.version,
        revision=row.revision,
        locale=locale,
        fallback=asked is not None and not serves(locale, asked),
        locales=[version.locale, *version.translations],
        prerequisites=version.prerequisites,
        due_days=version.due_days,
        minutes=sum(known) if known else None,
        modules=[module_out(worded(version, module, asked)) for module in version.modules],
    )


def module_out(shown: Worded) -> ModuleOut:
    """Return what everybody may see of a module."""
    return ModuleOut.model_validate(
        {**outline(shown.module), "locale": shown.locale, "fallback": shown.fallback},
    )


def outline(module: AnyModule) -> dict[str, object]:
    """Return the fields of a module that tell what it is, and nothing of what it asks."""
    return {name: getattr(module, name) for name in ModuleOut.model_fields if hasattr(module, name)}
