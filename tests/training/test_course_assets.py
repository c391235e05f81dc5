"""Files of a course: told by their content, served so that nothing of them runs, and found by what texts call them."""

import hashlib
import zlib
from typing import Any

from tests.training.conftest import TrainingService
from tests.training.courses import LESSON, enrol, slug, write

PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(b"not that anybody looks")
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nGuten Tag.\n"
ASSETS = "/v1/courses/answering/assets"


async def upload(service: TrainingService, name: str, content: bytes) -> Any:
    answer = await service.client.post(ASSETS, params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_lesson_shows_its_own_pictures_and_offers_its_own_files_and_nothing_from_elsewhere(
    service: TrainingService,
) -> None:
    png, pdf, vtt = [
        await upload(service, name, content)
        for name, content in (("knot.png", PNG), ("list.pdf", b"%PDF-1.7 x"), ("talk.de.vtt", VTT))
    ]
    text = (
        "![A knot](assets/knot.png) [The list](assets/list.pdf) ![Spy](https://x.example/spy.png) "
        '[run](javascript:alert(1)) <img src=x onerror="alert(1)">'
    )
    video = {"url": "https://video.example/1", "title": "Talk", "captions": [{"locale": "de", "file": "talk.de.vtt"}]}
    lesson = {**LESSON, "markdown": text, "video": video}
    assets = {one["name"]: one["hash"] for one in (png, pdf, vtt)}
    made = await service.post("/v1/courses/answering/versions", {"modules": [lesson], "assets": assets})
    assert [(one["pointer"], one["line"]) for one in made["warnings"]] == [("/modules/0/markdown", 1)]
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    shown = (await ana.get(f"/v1/enrolments/{await enrol(ana, 'answering')}/modules/listen")).json()

    assert f'<img src="{png["url"]}" alt="A knot">' in shown["html"]
    assert f'href="{pdf["url"]}"' in shown["html"]
    assert shown["video"]["captions"] == [{"locale": "de", "url": vtt["url"]}]
    for bad in ("x.example", "javascript:", "<img src=x"):
        assert bad not in shown["html"].replace("[run](javascript:alert(1))", "")
    picture, download = await ana.get(png["url"]), await ana.get(pdf["url"])
    assert (picture.content, picture.headers["Content-Type"]) == (PNG, "image/png")
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert download.headers["Content-Disposition"] == 'attachment; filename="list.pdf"'


REFUSED = [
    ("page.html", b"<p>x</p>", 422),
    ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422),
    ("knot.png", b"<script>alert(1)</script>", 422),
    ("notes.txt", b"  <!doctype html><script>alert(1)</script>", 422),
    ("notes.txt", b"\xff\xfe\x00", 422),
    ("talk.vtt", b"1\n00:00 --> 00:01\nno header", 422),
    ("empty.png", b"", 422),
    ("../knot.png", PNG, 422),
    ("big.png", PNG + bytes(5 * 1024 * 1024), 413),
]


async def test_a_file_that_is_not_what_it_says_or_could_run_is_refused(service: TrainingService) -> None:
    for name, content, status in REFUSED:
        answer = await service.client.post(ASSETS, params={"name": name}, content=content)
        assert answer.status_code == status, (name, answer.text)
    assert (await service.get(ASSETS))["items"] == []


async def test_a_file_is_kept_once_and_belongs_to_the_courses_that_it_was_uploaded_for(
    service: TrainingService,
) -> None:
    first, again = await upload(service, "knot.png", PNG), await upload(service, "other.png", PNG)
    assert first["hash"] == again["hash"] == hashlib.sha256(PNG).hexdigest()
    assert [one["name"] for one in (await service.get(ASSETS))["items"]] == ["other.png"]
    await write(service, "talk", [LESSON])
    assert (await service.client.get(f"/v1/courses/talk/assets/{first['hash']}")).status_code == 404
    foreign = {"modules": [LESSON], "assets": {"knot.png": first["hash"]}}
    answer = await service.client.post("/v1/courses/talk/versions", json=foreign)
    assert (slug(answer), answer.json()["errors"][0]["pointer"]) == ((422, "not-in-the-course"), "/assets/knot.png")


async def test_a_text_that_names_a_file_that_is_not_there_and_a_video_without_captions_are_refused(
    service: TrainingService,
) -> None:
    versions = "/v1/courses/answering/versions"
    missing = {**LESSON, "markdown": "![A knot](assets/knot.png)"}
    answer = await service.client.post(versions, json={"modules": [missing]})
    assert (slug(answer), answer.json()["errors"][0]["pointer"]) == ((422, "missing-file"), "/modules/0/markdown")
    for captions in ([], [{"locale": "de", "file": "talk.de.vtt"}], [{"locale": "de"}], None):
        video = {"url": "https://video.example/1", "title": "Talk", "captions": captions}
        answer = await service.client.post(versions, json={"modules": [{**LESSON, "video": video}]})
        assert answer.status_code == 422, captions
