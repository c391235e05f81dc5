"""Write a version of a course as a folder, so that reading it gives the same version again."""

from pathlib import Path
from typing import Any

from services.course_folders.documents import to_markdown, to_yaml
from services.course_folders.reading import ASSETS, COURSE, SHELVES, VERSION_FIELDS

BY_KIND = {shelf.kind: (name, shelf) for name, shelf in SHELVES.items()}
EMPTY: tuple[object, ...] = (None, "", [], {})


def write_folder(path: Path, course: dict[str, Any], version: dict[str, Any], files: dict[str, bytes]) -> list[str]:
    """Write a course (`key`, `title`, `summary`), one of its versions and its files; return the paths written."""
    written = {COURSE: to_yaml(course_fields(course, version))}
    for module in version["modules"]:
        written |= module_files(module, version.get("translations") or {})
    for place, text in written.items():
        (path / place).parent.mkdir(parents=True, exist_ok=True)
        (path / place).write_text(text, encoding="utf-8")
    for name, content in files.items():
        (path / ASSETS).mkdir(parents=True, exist_ok=True)
        (path / ASSETS / name).write_bytes(content)
    return [*written, *(f"{ASSETS}/{name}" for name in files)]


def course_fields(course: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    """Return what course.yaml says."""
    fields = {name: course[name] for name in ("key", "title", "summary") if course.get(name)}
    fields |= {name: version[name] for name in VERSION_FIELDS if version.get(name) not in EMPTY}
    titles = {
        locale: without_empty({name: said.get(name) for name in ("title", "summary")})
        for locale, said in (version.get("translations") or {}).items()
    }
    if any(titles.values()):
        fields["translations"] = {locale: said for locale, said in titles.items() if said}
    fields["modules"] = [place_of(module) for module in version["modules"]]
    return fields


def place_of(module: dict[str, Any], locale: str | None = None) -> str:
    """Return the file in which a module stands, or its translation."""
    folder, shelf = BY_KIND[module["kind"]]
    return f"{folder}/{module['key']}{f'.{locale}' if locale else ''}{shelf.ending}"


def module_files(module: dict[str, Any], translations: dict[str, Any]) -> dict[str, str]:
    """Return the files of a module with their texts: itself, and one for each language."""
    render = to_markdown if place_of(module).endswith(".md") else to_yaml
    own = {name: value for name, value in module.items() if name not in {"kind", "key"}}
    files = {place_of(module): render(without_empty(own))}
    for locale, translation in translations.items():
        said = (translation.get("modules") or {}).get(module["key"])
        if said is not None:
            files[place_of(module, locale)] = render(without_empty(said))
    return files


def without_empty(value: Any) -> Any:
    """Leave out what says nothing, at any depth."""
    if isinstance(value, dict):
        kept = {name: without_empty(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in EMPTY}
    return [without_empty(part) for part in value] if isinstance(value, list) else value
