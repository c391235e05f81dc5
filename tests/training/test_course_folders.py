"""A course as a folder: read and written without loss, and whatever is wrong in one is told with its file."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.course_folders import FolderError, read_folder, write_folder
from tests.training.conftest import TrainingService
from tests.training.courses import slug

COURSE = """key: replies
title: Replies
summary: How we answer.
locale: en
due_days: 14
translations:
  de: {title: Antworten}
modules:
  - lessons/listen.md
  - readings/policy.md
  - scenarios/parcel.yaml
  - quizzes/check.yaml
  - tasks/reply.md
  - sessions/meet.md
"""
LESSON = """---
title: Listen first
minutes: 5
video:
  url: https://video.example/listen
  title: Three calls
  captions:
    - {locale: en, file: listen.en.vtt}
---

## Read it all

![A knot](assets/knot.png) and *then* answer. On: 2026-01-01.
"""
SCENARIO = """title: A lost parcel
start: hello
requires: [listen]
opens: {after_days: 1, at: 2026-01-01T08:00:00Z}
nodes:
  - key: hello
    author: "@mira"
    post: Where is my parcel?
    replies:
      - {key: ask, text: When did you order?, score: 1, next: glad}
      - {key: blame, text: "Ask the courier: not us.", feedback: Nobody is helped., next: angry}
  - {key: glad, post: Thank you!, ending: good}
  - {key: angry, post: Never again., ending: poor}
"""
QUIZ = """title: Check
pass_mark: 0.5
draw: 1
questions:
  - key: first
    kind: single
    text: What comes first?
    options:
      - {text: Listening, correct: true}
      - {text: Selling}
"""
FILES = {
    "course.yaml": COURSE,
    "lessons/listen.md": LESSON,
    "lessons/listen.de.md": "---\ntitle: Erst zuhören\n---\n\nAlles lesen.\n",
    "readings/policy.md": "---\ntitle: The policy\npolicy: social-media\nsections: [be-kind]\n---\n",
    "scenarios/parcel.yaml": SCENARIO,
    "scenarios/parcel.de.yaml": "nodes: {glad: {post: Danke!}}\n",
    "quizzes/check.yaml": QUIZ,
    "tasks/reply.md": "---\ntitle: Reply\ncriteria: [It helps.]\n---\n\nAnswer one post.\n",
    "sessions/meet.md": "---\ntitle: Meet\n---\n\nWe talk.\n",
    "assets/listen.en.vtt": "WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n",
    "assets/knot.png": "\x89PNG\r\n\x1a\n...",
}


def lay_out(folder: Path) -> Path:
    """Write the folder."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("latin-1" if name.endswith(".png") else "utf-8"))
    return folder


async def push(service: TrainingService, path: Path) -> Any:
    """Do what `shareload courses push` does."""
    folder = read_folder(path)
    assets = {}
    await service.client.post("/v1/courses", json=folder.course)
    for name, file in folder.files.items():
        made = await service.client.post("/v1/courses/replies/assets", params={"name": name}, content=file.read_bytes())
        assets[name] = made.json()["hash"]
    return await service.client.post("/v1/courses/replies/versions", json={**folder.version, "assets": assets})


async def test_a_folder_that_is_pushed_and_pulled_makes_the_same_version_again(
    service: TrainingService, tmp_path: Path
) -> None:
    first = (await push(service, lay_out(tmp_path / "written"))).json()
    assert [module["kind"] for module in first["modules"]] == [
        "lesson",
        "policy_reading",
        "scenario",
        "quiz",
        "practical_task",
        "live_session",
    ]
    course = await service.get("/v1/courses/replies")
    files = {
        name: (await service.client.get(f"/v1/courses/replies/assets/{digest}")).content
        for name, digest in first["assets"].items()
    }
    write_folder(tmp_path / "pulled", course, first, files)
    second = (await push(service, tmp_path / "pulled")).json()

    apart = {"number", "created_at", "published_at"}
    assert {name: value for name, value in second.items() if name not in apart} == {
        name: value for name, value in first.items() if name not in apart
    }
    assert second["translations"]["de"]["modules"]["parcel"]["nodes"]["glad"]["post"] == "Danke!"


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def put(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "course.yaml").unlink(), "course.yaml: is not there"),
    (put("course.yaml", b"key: [replies\n"), "course.yaml: line 2: no valid YAML"),
    (put("course.yaml", b"- replies\n"), "course.yaml: must be fields"),
    (put("course.yaml", b""), "course.yaml: needs a key"),
    (put("course.yaml", "title: Stra\xdfe\n".encode("latin-1")), "course.yaml: is not UTF-8 text (byte 11)"),
    (edit("course.yaml", "key: replies", "key: replies\nkey: other"), 'line 2: "key" is there twice'),
    (edit("course.yaml", "summary:", "sumary:"), '"sumary" is no field of a course'),
    (edit("course.yaml", "title: Replies\n", "title: \n"), "course.yaml: needs a title"),
    (edit("course.yaml", "de: {title: Antworten}", "German: yes"), 'translations: "German" must be a language'),
    (edit("course.yaml", "lessons/listen.md", "lessons/lost.md"), "lessons/lost.md: is not there, but"),
    (edit("course.yaml", "lessons/listen.md", "notes/listen.md"), '"notes/listen.md" must be one of lessons/NAME.md'),
    (edit("course.yaml", "lessons/listen.md", "lessons/../../x.md"), "must be one of lessons/NAME.md"),
    (edit("course.yaml", "  - tasks/reply.md\n", ""), "tasks/reply.md: is not among the modules"),
    (edit("course.yaml", "tasks/reply.md", "lessons/listen.md"), '"lessons/listen.md" is there twice'),
    (put("lessons/listen.md", b"# No front matter\n"), "lessons/listen.md: must begin with front matter"),
    (put("lessons/listen.md", b"---\ntitle: [x\n---\ntext"), "lessons/listen.md: line 3: no valid YAML"),
    (edit("lessons/listen.md", "minutes: 5", "key: other"), "lessons/listen.md: has a field key"),
    (edit("scenarios/parcel.yaml", "start: hello", "start: &a hello\nx: *a"), "aliases (*name) are not read"),
    (edit("scenarios/parcel.yaml", "start: hello", "start: !!python/name:os.system"), "no valid YAML"),
    (put("lessons/listen.german.x.md", b"---\ntitle: x\n---\n"), '"german.x" is no language'),
    (lambda folder: (folder / "assets" / "more").mkdir(), "assets/more: must be a file of this folder"),
    (lambda folder: (folder / "assets" / "passwd").symlink_to("/etc/passwd"), "assets/passwd: must be a file"),
    (put("quizzes/check.txt", b"x"), "quizzes/check.txt: a file of quizzes ends in .yaml"),
    (put("lessons/big.md", b"x" * 5_000_000), "lessons/big.md: is not among the modules"),
]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder as it should be."""
    return lay_out(tmp_path_factory.mktemp("course"))


@pytest.mark.parametrize(("change", "words"), BROKEN, ids=[words for _, words in BROKEN])
def test_a_broken_folder_is_refused_with_the_file_and_what_is_wrong(
    change: Callable[[Path], object], words: str, written: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "course"
    shutil.copytree(written, folder)
    read_folder(folder)
    change(folder)
    with pytest.raises(FolderError) as refused:
        read_folder(folder)
    assert words in str(refused.value)


WRONG: list[tuple[str, str, str, int, str]] = [
    ("course.yaml", "key: replies", "key: Replies!", 422, "/key"),
    ("lessons/listen.md", "assets/knot.png", "assets/net.png", 422, "/modules/0/markdown"),
    ("lessons/listen.md", "listen.en.vtt", "listen.fr.vtt", 422, "/modules/0/video/captions/0/file"),
    ("lessons/listen.md", "minutes: 5", "minutes: soon", 422, "/modules/0/minutes"),
    ("lessons/listen.md", "https://", "http://", 422, "/modules/0/video/url"),
    ("scenarios/parcel.yaml", "next: glad", "next: hello", 422, "/modules/2/scenario"),
    ("scenarios/parcel.yaml", "requires: [listen]", "requires: [nobody]", 422, ""),
    ("quizzes/check.yaml", "correct: true", "correct: false", 422, "/modules/3/questions/0"),
    ("readings/policy.md", "sections: [be-kind]", "sections: []", 422, "/modules/1/sections"),
    ("tasks/reply.md", "Answer one post.", "", 422, "/modules/4/markdown"),
]


async def test_what_does_not_hold_together_is_refused_by_the_platform_with_its_place(
    service: TrainingService, tmp_path: Path
) -> None:
    for number, (name, old, new, status, pointer) in enumerate(WRONG):
        folder = lay_out(tmp_path / str(number))
        edit(name, old, new)(folder)
        if name == "course.yaml":
            answer = await service.client.post("/v1/courses", json=read_folder(folder).course)
        else:
            answer = await push(service, folder)
        assert slug(answer)[0] == status, (name, new, answer.text)
        assert any(error["pointer"].startswith(pointer) for error in answer.json()["errors"]), (name, answer.text)
    assert (await service.get("/v1/courses/replies"))["version"] == 0
