"""The texts of a course as pages: Markdown that is sanitised, with pictures and downloads of the course's own."""

from collections.abc import Iterator, Mapping

from services.training.schemas.courses import AnyModule, CourseVersionIn, VersionWarning
from services.training.schemas.modules import Lesson, Video
from shared import markdown
from shared.problems import FieldError, Invalid, TooLarge

MAX_WARNINGS = 100
LARGEST = 4 * 1024 * 1024
"""Bytes of a version as JSON: each look at an enrolment reads it."""


class MissingFile(Invalid):
    """A text refers to a file that the version does not have."""


def file_url(course: str, digest: str) -> str:
    """Return the path that serves a file of a course."""
    return f"/v1/courses/{course}/assets/{digest}"


def files_of(course: str, assets: Mapping[str, str]) -> dict[str, str]:
    """Return how texts refer to the files of a version, and the paths that serve them."""
    return {f"assets/{name}": file_url(course, digest) for name, digest in assets.items()}


def html(text: str, files: Mapping[str, str]) -> str:
    """Return a text as sanitised HTML."""
    return markdown.render(markdown.read(text, lambda _line, _said: None, files), files)


def check(body: CourseVersionIn) -> list[VersionWarning]:
    """Return what of a version's texts will not be shown as written; raises TooLarge, or MissingFile with every fault."""
    if len(body.model_dump_json()) > LARGEST:
        raise TooLarge(f"A version of a course may have {LARGEST} bytes; make several courses of it.")
    files = dict.fromkeys((f"assets/{name}" for name in body.assets), "/")
    wrong: list[FieldError] = []
    warnings: list[VersionWarning] = []
    for pointer, text in texts_of(body):
        missing = sorted(name for name in named_in(text) - files.keys() if name.startswith("assets/"))
        wrong += [FieldError(pointer=pointer, detail=f'"{name[:100]}" is not among the assets') for name in missing]
        found: list[tuple[int, str]] = []
        markdown.read(text, lambda line, said, found=found: found.append((line, said)), files)  # type: ignore[misc]
        warnings += [VersionWarning(pointer=pointer, line=line + 1, message=said) for line, said in found]
    wrong += [
        FieldError(pointer=pointer, detail=f'the captions "{name}" are not among the assets')
        for pointer, name in captions_of(body)
        if name not in body.assets
    ]
    if wrong:
        raise MissingFile(errors=wrong[:100])
    return warnings[:MAX_WARNINGS]


def named_in(text: str) -> set[str]:
    """Return where the links and pictures of a text lead."""
    inline = [child for token in markdown.markdown.parse(text) for child in token.children or []]
    return {str(child.attrGet(name)) for child in inline for name in ("src", "href") if child.attrGet(name)}


def texts_of(body: CourseVersionIn) -> Iterator[tuple[str, str]]:
    """Yield the Markdown of a version with its place in the body."""
    for place, module in enumerate(body.modules):
        text = markdown_of(module)
        if text:
            yield f"/modules/{place}/markdown", text
    for locale, translation in body.translations.items():
        for key, said in translation.modules.items():
            if said.markdown:
                yield f"/translations/{locale}/modules/{key}/markdown", said.markdown


def captions_of(body: CourseVersionIn) -> Iterator[tuple[str, str]]:
    """Yield the caption files that videos name, with their place in the body."""
    for place, module in enumerate(body.modules):
        if isinstance(module, Lesson) and module.video:
            yield from caption_files(f"/modules/{place}/video", module.video)
    for locale, translation in body.translations.items():
        for key, said in translation.modules.items():
            if said.video:
                yield from caption_files(f"/translations/{locale}/modules/{key}/video", said.video)


def caption_files(pointer: str, video: Video) -> Iterator[tuple[str, str]]:
    """Yield the files of a video's captions."""
    for place, captions in enumerate(video.captions):
        if captions.file is not None:
            yield f"{pointer}/captions/{place}/file", captions.file


def markdown_of(module: AnyModule) -> str:
    """Return the text of a module; a quiz has none."""
    return getattr(module, "markdown", "")
