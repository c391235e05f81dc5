"""Questions of other systems in a course's bank: taken, said what is other than in the file, or refused with a reason."""

import asyncio
from typing import Any

import httpx
import pytest

from services.training.domain.teaching import rules
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService
from tests.training.quizzing import fill_bank, learner, slug, write_quiz
from tests.training.test_questions import POST, RULES, in_force

BANK = "/v1/courses/tested/questions"
GIFT = """$CATEGORY: $course$/top/Answering

// [id:first] [tag:tone]
What comes first? {
=Listening#Yes.
~%-50%Selling#No.
####Listen, then ask.
}

// [id:networks]
[html]<p>Which are <b>ours</b>?</p> {~%50%Mastodon ~%50%Bluesky ~%-100%The press}

// [id:everyone]
We answer everyone. {T#We do.#Right.}

// [id:hours]
Within how many hours? {#=24:1#A day. =%50%12..36 ~#No.}

// [id:who]
Who answers? {=Ana =%50%Anna =An*}

// [id:pairs]
Match. {=Sorry -> an apology =Hello -> a greeting = -> a pitch}

// [id:gap]
We listen {~before =after} we answer\\: no.

// [id:essay]
Why? {}

// [id:both]
Two right, one choice {=a =b ~c}

A closing brace is missing {=a ~b
"""


async def send(service: TrainingService, content: str | bytes, **query: Any) -> httpx.Response:
    """Send a file to the course."""
    await service.client.post("/v1/courses", json={"key": "tested", "title": "Tested"})
    headers = {"Content-Type": "text/plain"} if "format" in query else {"Content-Type": "application/xml"}
    return await service.client.post(
        "/v1/courses/tested/question-imports", content=content, params=query, headers=headers
    )


async def taken(service: TrainingService, content: str | bytes, **query: Any) -> Any:
    """Send a file that must be readable; returns the report."""
    answer = await send(service, content, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def bank(service: TrainingService) -> dict[str, Any]:
    """Return the bank's questions by key."""
    return {one["question"]["key"]: one["question"] for one in (await service.get(BANK, limit=200))["items"]}


async def test_gift_is_taken_and_each_question_reported_with_its_line(service: TrainingService) -> None:
    report = await taken(service, GIFT, format="gift")

    assert (report["accepted"], report["changed"], report["refused"], report["created"]) == (4, 3, 3, 7)
    by_key = {one["key"]: one for one in report["questions"]}
    assert by_key["networks"]["notes"] == ["left out of the text: bold, italic or other looks"]
    assert "all other numbers" in by_key["hours"]["notes"][0]
    assert "“No.”" in by_key["hours"]["notes"][0]
    assert "An*" in by_key["who"]["notes"][0]
    assert [
        (one["line"], one["effect"], one["notes"]) for one in report["questions"] if one["outcome"] == "refused"
    ] == [
        (29, None, []),
        (32, None, []),
        (34, None, []),
    ]
    assert "essay" in by_key["essay"]["detail"]
    assert "exactly one must be right" in by_key["both"]["detail"]
    assert "braces" in report["questions"][-1]["detail"]

    kept = await bank(service)
    assert kept["first"]["tags"] == ["answering", "tone"]
    assert kept["first"]["feedback"] == "Listen, then ask."
    assert [(one["text"], one["credit"], one["feedback"]) for one in kept["first"]["options"]] == [
        ("Listening", 100.0, "Yes."),
        ("Selling", -50.0, "No."),
    ]
    assert [(one["text"], one["correct"], one["feedback"]) for one in kept["everyone"]["options"]] == [
        ("True", True, "Right."),
        ("False", False, "We do."),
    ]
    assert [(one["value"], one["minimum"], one["maximum"], one["credit"]) for one in kept["hours"]["accepted"]] == [
        (24.0, None, None, 100.0),
        (None, 12.0, 36.0, 50.0),
    ]
    assert kept["pairs"]["distractors"] == ["a pitch"]
    assert kept["gap"]["text"] == "We listen _____ we answer: no."
    assert kept["networks"]["text"] == "Which are ours?"


async def test_the_same_file_again_changes_nothing_and_an_edited_one_writes_a_version(service: TrainingService) -> None:
    unnamed = "::Q1:: Who? {=Ana ~Ben}\n\n::Q1:: When? {=Now ~Later}\n"
    await taken(service, GIFT + "\n" + unnamed, format="gift")
    entries = len(await evidence_of(service.db, "question.created"))

    again = await taken(service, GIFT + "\n" + unnamed, format="gift")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 9)
    edited = await taken(service, GIFT.replace("~%-50%Selling", "~Selling"), format="gift")
    assert [one["key"] for one in edited["questions"] if one["effect"] == "updated"] == ["first"]
    assert (await service.get(f"{BANK}/first"))["version"] == 2
    assert len(await evidence_of(service.db, "question.created")) == entries == 9
    assert len(await evidence_of(service.db, "questions.imported")) == 3


async def test_a_dry_run_and_a_file_that_is_not_all_good_write_nothing(service: TrainingService) -> None:
    looked = await taken(service, GIFT, format="gift", dry_run=True)
    refused = await taken(service, GIFT, format="gift", all_or_nothing=True)
    for report in (looked, refused):
        assert (report["applied"], report["created"], report["refused"]) == (False, 7, 3)
    assert await bank(service) == {}
    good = await taken(service, "// [id:a]\nWho? {=Ana ~Ben}\n", format="gift", all_or_nothing=True)
    assert (good["applied"], list(await bank(service))) == (True, ["a"])
    twice = await taken(service, "// [id:b]\nWho? {=Ana ~Ben}\n\n// [id:b]\nWhen? {=Now ~Later}\n", format="gift")
    assert "on line 2 has the key b" in twice["questions"][1]["detail"]


MOODLE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/Law/Disclosure</text></category></question>
<question type="multichoice">
  <name><text>Adverts</text></name>
  <questiontext format="html"><text><![CDATA[<p>What shows an <em>advert</em>?<br>Look:</p><script>alert(1)</script>
  <img src="@@PLUGINFILE@@/a.png" onerror="alert(1)">]]></text><file name="a.png" path="/" encoding="base64">aGk=</file></questiontext>
  <generalfeedback format="html"><text></text></generalfeedback>
  <defaultgrade>2.5</defaultgrade><penalty>0.3333333</penalty><hidden>0</hidden><idnumber>adverts</idnumber>
  <single>true</single><shuffleanswers>false</shuffleanswers><answernumbering>abc</answernumbering>
  <correctfeedback format="html"><text>Your answer is correct.</text></correctfeedback>
  <incorrectfeedback format="html"><text>Ask the press office.</text></incorrectfeedback>
  <answer fraction="100" format="html"><text><![CDATA[<p>A word &amp; a tag</p>]]></text><feedback format="html"><text>Yes</text></feedback></answer>
  <answer fraction="0" format="html"><text>Nothing</text><feedback format="html"><text></text></feedback></answer>
  <hint format="html"><text>Think.</text></hint>
  <tags><tag><text>tone</text></tag></tags>
</question>
<question type="ordering"><name><text>o</text></name><idnumber>order</idnumber><questiontext format="moodle_auto_format"><text>In which order?</text></questiontext>
  <gradingtype>ABSOLUTE_POSITION</gradingtype><answer fraction="1"><text>Listen</text></answer><answer fraction="2"><text>Ask</text></answer></question>
<question type="numerical"><name><text>n</text></name><idnumber>hours</idnumber><questiontext format="html"><text>How many?</text></questiontext>
  <answer fraction="100"><text>24</text><tolerance>0.5</tolerance></answer><units><unit><multiplier>1</multiplier><unit_name>h</unit_name></unit></units></question>
<question type="shortanswer"><name><text>s</text></name><idnumber>tag</idnumber><usecase>1</usecase><questiontext format="markdown"><text>Which *tag*?</text></questiontext>
  <answer fraction="100"><text>\\*Acme</text></answer><answer fraction="0"><text>*</text><feedback format="html"><text>No.</text></feedback></answer></question>
<question type="truefalse"><name><text>t</text></name><idnumber>all</idnumber><questiontext format="html"><text>All?</text></questiontext>
  <answer fraction="0"><text>true</text></answer><answer fraction="100"><text>false</text></answer></question>
<question type="cloze"><name><text>c</text></name><questiontext format="html"><text>{1:SA:=a}</text></questiontext></question>
<question type="calculated"><name><text>k</text></name><questiontext format="html"><text>{a}+1</text></questiontext></question>
</quiz>
"""


def line_of(kind: str) -> int:
    """Return the line on which a kind of question begins in Moodle's file."""
    return MOODLE[: MOODLE.index(f'type="{kind}"')].count("\n") + 1


async def test_moodles_questions_are_taken_without_anything_that_runs_and_nothing_is_lost_in_silence(
    service: TrainingService,
) -> None:
    report = await taken(service, MOODLE)
    assert report["format"] == "moodle_xml"
    adverts, order, hours, tag, everyone, cloze, calculated = report["questions"]
    assert adverts["notes"] == [
        "the file “a.png” of the text was left out; questions are texts",
        "left out of the text: bold, italic or other looks",
        "left out of the text: a picture",
        "left out of the text: a script or style",
        "is worth 2 instead of 2.5; points are whole, from 1 to 100",
        "<incorrectfeedback> “Ask the press office.” was left out; feedback is for one answer, or for all",
        "<hint> was left out",
    ]
    assert "neighbours" in order["notes"][0]
    assert "units" in hours["notes"][0]
    assert "“No.”" in tag["notes"][0]
    assert (everyone["outcome"], everyone["effect"], everyone["line"]) == ("accepted", "created", line_of("truefalse"))
    assert [(one["outcome"], one["line"]) for one in (cloze, calculated)] == [
        ("refused", line_of("cloze")),
        ("refused", line_of("calculated")),
    ]

    kept = await bank(service)
    assert kept["adverts"]["text"] == "What shows an advert?\nLook:"
    assert (kept["adverts"]["tags"], kept["adverts"]["points"], kept["adverts"]["shuffle"]) == (
        ["disclosure", "law", "tone"],
        2,
        False,
    )
    assert [one["text"] for one in kept["adverts"]["options"]] == ["A word & a tag", "Nothing"]
    assert kept["order"]["entries"] == ["Listen", "Ask"]
    assert kept["hours"]["accepted"][0]["tolerance"] == 0.5
    assert (kept["tag"]["accepted"][0]["text"], kept["tag"]["ignore"]) == ("*Acme", ["space"])
    assert kept["tag"]["text"] == "Which *tag*?"


async def test_aiken_is_taken_line_by_line(service: TrainingService) -> None:
    text = "What first?\nA. Selling\nB) Listening\nANSWER: B\n\nNo answer\nA. x\nB. y\n\nOther\nA. 1\nC. 2\nANSWER: A\nLast\nA. 1\nB. 2\nANSWER: C\n"
    report = await taken(service, text, format="aiken")
    assert [(one["line"], one["outcome"]) for one in report["questions"]] == [
        (1, "accepted"),
        (6, "refused"),
        (10, "refused"),
        (14, "refused"),
    ]
    (kept,) = (await bank(service)).values()
    assert [(one["text"], one["correct"]) for one in kept["options"]] == [("Selling", False), ("Listening", True)]


@pytest.mark.parametrize("ending", ["gift", "xml"])
async def test_an_export_makes_the_same_bank_elsewhere_and_names_what_others_do_not_get(
    service: TrainingService, ending: str
) -> None:
    await service.db.write(rules.keep, in_force(2, **RULES))
    await taken(service, GIFT, format="gift")
    post = {"key": "post", "kind": "rule_break", "text": "Which rules?", "post": POST, "policy": "rules"}
    order = {
        "key": "order",
        "kind": "ordering",
        "text": "Order {these}:",
        "entries": ["b", "a"],
        "difficulty": "hard",
        "points": 3,
    }
    await fill_bank(service, post, order)
    await service.post(f"{BANK}/who/retirement")

    exported = await service.client.get(f"/v1/courses/tested/questions.{ending}")
    left_out = 'left-out=2; left-out-keys="post order"' if ending == "gift" else 'left-out=1; left-out-keys="post"'
    assert left_out in exported.headers["Question-Report"]
    assert "attachment" in exported.headers["Content-Disposition"]

    await service.client.post("/v1/courses", json={"key": "other", "title": "Other"})
    query = {"format": "gift" if ending == "gift" else "moodle_xml"}
    path = "/v1/courses/other/question-imports"
    report = (await service.client.post(path, content=exported.content, params=query)).json()
    assert (report["created"], report["accepted"], report["refused"]) == (8, 8, 0), report
    there = {
        one["question"]["key"]: one["question"] for one in (await service.get("/v1/courses/other/questions"))["items"]
    }
    here = await bank(service)
    del here["who"]
    assert there == here
    only = await service.client.get(f"/v1/courses/tested/questions.{ending}", params={"tag": "tone"})
    assert only.headers["Question-Report"].startswith("written=1;")


async def test_an_edit_of_an_exported_file_counts_and_what_went_with_the_old_text_is_told(
    service: TrainingService,
) -> None:
    options = [{"text": " a", "correct": True}, {"text": "b", "correct": True}, {"text": "c"}]
    await fill_bank(service, {"key": "q", "kind": "multiple", "text": "Which?", "options": options, "points": 5})
    exported = (await service.client.get(f"{BANK}.gift")).text

    report = await taken(service, exported.replace("Which?", "Which ones?"), format="gift")
    assert "edited after Shareload wrote it, so the exact options" in report["questions"][0]["notes"][0]
    kept = (await bank(service))["q"]
    assert (kept["text"], kept["points"], kept["partial"], kept["options"][0]["text"]) == (
        "Which ones?",
        5,
        "none",
        "a",
    )


async def test_aiken_gets_what_it_can_say_and_the_rest_is_named(service: TrainingService) -> None:
    await taken(service, GIFT, format="gift")
    exported = await service.client.get(f"{BANK}.txt")
    assert exported.text.startswith("What comes first?\nA. Listening\nB. Selling\nANSWER: A\n")
    report = exported.headers["Question-Report"]
    assert report.startswith('written=3; changed=3; changed-keys="first everyone gap"; left-out=4;')


async def test_an_imported_question_is_drawn_and_graded(service: TrainingService) -> None:
    await taken(service, "// [tag:tone]\nWho? {=right ~wrong}\n", format="gift")
    await write_quiz(service, draws=[{"tag": "tone", "count": 1}])
    ana = await learner(service)
    attempt = await ana.drawn()
    await ana.choose(attempt)
    assert (await ana.submit(attempt))["passed"]


async def test_only_authors_send_and_read_files_and_a_repeated_post_counts_once(service: TrainingService) -> None:
    await taken(service, GIFT, format="gift")
    await service.add_person("E-1")
    person = await service.as_person("E-1", "training:read")
    assert (await person.post("/v1/courses/tested/question-imports", content=b"")).status_code == 403
    assert (await person.get(f"{BANK}.gift")).status_code == 403
    assert slug(await service.client.post("/v1/courses/tested/question-imports", content=b"x")) == (
        415,
        "unsupported-media-type",
    )
    assert (await service.client.get("/v1/courses/nowhere/questions.gift")).status_code == 404
    large = await send(service, b"x" * (5 * 1024 * 1024 + 1), format="gift")
    assert slug(large) == (413, "too-large")
    keyed = {"Idempotency-Key": "one"}
    path = "/v1/courses/tested/question-imports?format=gift"
    sent = [service.client.post(path, content=b"Who? {=Ana ~Ben}", headers=keyed) for _ in range(3)]
    assert [answer.json()["created"] for answer in await asyncio.gather(*sent)] == [1, 1, 1]
