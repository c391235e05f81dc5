"""Read a folder as the bodies that the API takes; what is wrong is told all at once, each with its file.

Whether the parts fit together (keys, graphs, files that texts name) is for the API to say.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.course_folders.documents import Faults, Refused, read_markdown, read_yaml

COURSE = "course.yaml"
ASSETS = "assets"
COURSE_FIELDS = ("key", "title", "summary", "external_courses")
VERSION_FIELDS = ("locale", "note", "prerequisites", "due_days")
OTHER_FIELDS = ("modules", "translations")
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A subfolder with the modules of one kind: how their files end, and how they are read."""

    kind: str
    ending: str
    read: Callable[[Path], dict[str, Any]]


SHELVES = {
    "lessons": Shelf("lesson", ".md", read_markdown),
    "readings": Shelf("policy_reading", ".md", read_markdown),
    "tasks": Shelf("practical_task", ".md", read_markdown),
    "sessions": Shelf("live_session", ".md", read_markdown),
    "quizzes": Shelf("quiz", ".yaml", read_yaml),
    "scenarios": Shelf("scenario", ".yaml", read_yaml),
}


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds: the body of the course, that of its version without `assets`, and the files to upload."""

    course: dict[str, Any]
    version: dict[str, Any]
    files: dict[str, Path]


def read_folder(path: Path) -> Folder:
    """Return what a folder holds; raises FolderError with every fault."""
    faults = Faults()
    given = read_course(path, faults)
    faults.refuse()
    modules = list(modules_of(path, given["modules"], faults))
    translations = translations_of(path, given.get("translations") or {}, modules, faults)
    tell_forgotten(path, {place for place, _ in modules}, faults)
    files = files_of(path / ASSETS, faults)
    faults.refuse()
    version = {name: given[name] for name in VERSION_FIELDS if name in given}
    version["modules"] = [module for _, module in modules]
    if translations:
        version["translations"] = translations
    return Folder({name: given[name] for name in COURSE_FIELDS if name in given}, version, files)


def read_course(path: Path, faults: Faults) -> dict[str, Any]:
    """Return the fields of course.yaml, checked as far as the reading of the rest stands on them."""
    if not (path / COURSE).is_file():
        faults.add(COURSE, "is not there; it names the course and its modules.")
        return {}
    try:
        given = read_yaml(path / COURSE)
    except Refused as refused:
        faults.add(COURSE, str(refused))
        return {}
    for name in given.keys() - {*COURSE_FIELDS, *VERSION_FIELDS, *OTHER_FIELDS}:
        faults.add(COURSE, f'"{name}" is no field of a course.')
    for name in ("key", "title"):
        if not isinstance(given.get(name), str) or not given[name].strip():
            faults.add(COURSE, f"needs a {name}.")
    modules = given.get("modules")
    if not isinstance(modules, list) or not modules or not all(isinstance(place, str) for place in modules):
        faults.add(COURSE, "needs `modules`: a list of files such as lessons/welcome.md, in their order.")
    if not isinstance(given.get("translations") or {}, dict):
        faults.add(COURSE, "`translations` are by language: a title and a summary each.")
    return given


def modules_of(path: Path, places: list[str], faults: Faults) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read the modules in their order, each with its place."""
    for number, place in enumerate(places):
        shelf, _, name = place.partition("/")
        if shelf not in SHELVES or "/" in name or not name.endswith(SHELVES[shelf].ending):
            faults.add(COURSE, f'modules: "{place}" must be one of {", ".join(layout())}.')
        elif place in places[:number]:
            faults.add(COURSE, f'modules: "{place}" is there twice.')
        else:
            fields = read_document(path, place, SHELVES[shelf], faults)
            key = name.removesuffix(SHELVES[shelf].ending)
            yield place, {"kind": SHELVES[shelf].kind, "key": key, **fields}


def read_document(path: Path, place: str, shelf: Shelf, faults: Faults) -> dict[str, Any]:
    """Read one file of a shelf; nothing where it cannot be read."""
    file = path / place
    if not file.is_file():
        faults.add(place, "is not there, but course.yaml names it.")
        return {}
    if not inside(file, path):
        faults.add(place, "leads out of the folder.")
        return {}
    try:
        fields = shelf.read(file)
    except Refused as refused:
        faults.add(place, str(refused))
        return {}
    for name in {"kind", "key"} & fields.keys():
        faults.add(place, f"has a field {name}; its folder and its name say that.")
    return fields


def inside(file: Path, folder: Path) -> bool:
    """Say whether a file lies in a folder, links followed."""
    return file.resolve().is_relative_to(folder.resolve())


def translations_of(
    path: Path, titles: dict[Any, Any], modules: list[tuple[str, dict[str, Any]]], faults: Faults
) -> dict[str, dict[str, Any]]:
    """Read what is there in other languages: `lessons/welcome.de.md` beside `lessons/welcome.md`."""
    found: dict[str, dict[str, Any]] = {}
    for locale, said in titles.items():
        if not isinstance(locale, str) or not LOCALE.fullmatch(locale) or not isinstance(said, dict):
            faults.add(COURSE, f'translations: "{locale}" must be a language such as de, with a title and a summary.')
        else:
            found[locale] = dict(said)
    for place, module in modules:
        name, ending = place.rsplit(".", 1)
        for file in sorted((path / name).parent.glob(f"{Path(name).name}.*.{ending}")):
            locale = file.name.removeprefix(f"{Path(name).name}.").removesuffix(f".{ending}")
            there = f"{place.partition('/')[0]}/{file.name}"
            if not LOCALE.fullmatch(locale):
                faults.add(there, f'"{locale}" is no language such as de or pt-BR.')
                continue
            fields = read_document(path, there, SHELVES[place.partition("/")[0]], faults)
            found.setdefault(locale, {}).setdefault("modules", {})[module["key"]] = fields
    return found


def tell_forgotten(path: Path, named: set[str], faults: Faults) -> None:
    """Note files that no module is made of: somebody would miss them."""
    for shelf, how in SHELVES.items():
        for file in sorted((path / shelf).glob("*")):
            stem = file.name.split(".", 1)[0]
            if f"{shelf}/{file.name}" not in named and f"{shelf}/{stem}{how.ending}" not in named:
                faults.add(f"{shelf}/{file.name}", "is not among the modules of course.yaml.")
            elif not file.name.endswith(how.ending):
                faults.add(f"{shelf}/{file.name}", f"a file of {shelf} ends in {how.ending}.")


def files_of(path: Path, faults: Faults) -> dict[str, Path]:
    """Return the files to upload, by the names that texts call them."""
    files: dict[str, Path] = {}
    for file in sorted(path.iterdir()) if path.is_dir() else ():
        place = f"{ASSETS}/{file.name}"
        if not file.is_file() or not inside(file, path):
            faults.add(place, "must be a file of this folder, not a folder or a link elsewhere.")
        else:
            files[file.name] = file
    return files


def layout() -> list[str]:
    """Return how the files of modules are called."""
    return [f"{shelf}/NAME{how.ending}" for shelf, how in SHELVES.items()]
