"""Questions of QTI 2 and 3: what an item means is what ours means, and what it cannot mean here is said."""

import time
from typing import Any
from zipfile import ZIP_BZIP2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.training.domain.question_files import packages, qti
from services.training.domain.question_files.reading import Found, NotAQuestionFile
from tests.training import qti_files
from tests.training.conftest import TrainingService
from tests.training.qti_files import ONE, SINGLE, SOME, choices, correct, item, mapping, matches, package
from tests.training.test_question_imports import bank, send, taken

TEXT = '<textEntryInteraction responseIdentifier="RESPONSE" expectedLength="9"/>'
WORD = 'cardinality="single" baseType="string"|'
NUMBER = 'cardinality="single" baseType="float"|'
PAIRS = 'cardinality="multiple" baseType="directedPair"|'
ORDER = 'cardinality="ordered" baseType="identifier"|'
SETS = matches({"C": "Sorry", "D": "Hello"}, {"M": "an apology", "N": "a greeting", "O": "a pitch"})
OWN = (
    "<responseProcessing><responseCondition><responseIf>{}</responseIf>"
    '<responseElse><setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue>'
    "</responseElse></responseCondition></responseProcessing>"
)
SET = '<setOutcomeValue identifier="SCORE">{}</setOutcomeValue>'
MATCHED = '<match><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match>'
WRITTEN_OUT = OWN.format(MATCHED + SET.format('<baseValue baseType="float">1</baseValue>'))
MAPPED = OWN.format('<isNull><variable identifier="RESPONSE"/></isNull>' + SET.format('<mapResponse identifier="RESPONSE"/>'))  # fmt: skip


def read_one(text: str) -> Found:
    """Read an item as QTI 2, and see that it is the same as QTI 3."""
    [found] = qti.read(text.encode())
    [third] = qti.read(qti_files.as_version_3(text).encode())
    assert (third.question, third.notes, third.refused) == (found.question, found.notes, found.refused)
    return found


def fields_of(text: str) -> dict[str, Any]:
    """Return what matters of a question that must be taken as it is."""
    found = read_one(text)
    assert found.question is not None, found.refused
    assert found.notes == (), found.notes
    return found.question.model_dump(mode="json")


def test_an_item_becomes_a_choice_with_what_is_asked_around_it() -> None:
    read = fields_of(item("<p>We listen first.</p>" + choices("Listening", "Selling"), ONE + correct("A"), name="a1"))
    assert (read["key"], read["kind"], read["text"], read["shuffle"]) == (
        "a1",
        "single",
        "We listen first.\n\nWhich?",
        True,
    )
    assert [(one["text"], one["correct"]) for one in read["options"]] == [("Listening", True), ("Selling", False)]


@pytest.mark.parametrize("rules", ["match_correct", WRITTEN_OUT])
def test_several_right_options_are_all_or_nothing_where_the_item_says_so(rules: str) -> None:
    read = fields_of(item(choices("a", "b", "c", most=0, shuffle="false"), SOME + correct("A", "C"), rules=rules))
    assert (read["kind"], read["partial"], read["shuffle"]) == ("multiple", "none", False)
    assert [one["correct"] for one in read["options"]] == [True, False, True]


@pytest.mark.parametrize("rules", ["map_response", MAPPED])
def test_a_mapping_becomes_credits_and_points(rules: str) -> None:
    right = SOME + correct("A", "B") + mapping({"A": 1.5, "B": 0.5, "C": -1}, defaultValue="-9", lowerBound="0")
    read = fields_of(item(choices("a", "b", "c", "d", most=0), right, rules=rules))
    assert (read["points"], read["partial"]) == (2, "weighted")
    assert [one["credit"] for one in read["options"]] == [75.0, 25.0, -50.0, -100.0]


def test_order_match_words_and_numbers_become_questions_of_these_kinds() -> None:
    order = fields_of(item(choices("a", "b", "c", kind="order"), ORDER + correct("C", "A", "B")))
    assert (order["kind"], order["entries"], order["partial"]) == ("ordering", ["c", "a", "b"], "none")

    pairs = fields_of(item(SETS, PAIRS + correct("C M", "D N") + mapping({"C M": 1, "D N": 1}), rules="map_response"))
    assert (pairs["kind"], pairs["partial"], pairs["distractors"], pairs["points"]) == (
        "matching",
        "proportional",
        ["a pitch"],
        2,
    )
    assert [(one["prompt"], one["match"]) for one in pairs["pairs"]] == [("Sorry", "an apology"), ("Hello", "a greeting")]  # fmt: skip
    theirs = matches({"M": "an apology", "N": "a greeting", "O": "a pitch"}, {"C": "Sorry", "D": "Hello"})
    turned = fields_of(item(theirs, PAIRS + correct("M C", "N D")))
    assert {**turned, "partial": "proportional", "points": 2} == pairs

    word = fields_of(item(f"<p>Winter of our {TEXT}.</p>", WORD + mapping({"dis*": 2, "x": 1}), rules="map_response"))
    assert (word["text"], word["ignore"], word["points"]) == ("Winter of our _____ .", ["space"], 2)
    assert [(one["text"], one["credit"]) for one in word["accepted"]] == [("dis*", 100.0), ("x", 50.0)]

    equal = '<equal toleranceMode="absolute" tolerance="0.5 0.5"><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></equal>'
    found = read_one(item(f"<p>How many? {TEXT}</p>", NUMBER + correct("24"), rules=OWN.format(equal + SET.format("<variable identifier='X'/>"))))  # fmt: skip
    assert found.question is not None
    [number] = found.question.model_dump()["accepted"]
    assert (number["value"], number["tolerance"], number["credit"]) == (24.0, 0.5, 100.0)
    assert "rules of its own" in found.notes[0]


def test_what_is_left_out_of_an_item_is_said() -> None:
    options = choices(
        'A<feedbackInline outcomeIdentifier="F" identifier="A" showHide="show">Yes.</feedbackInline>', "B", most=1
    ).replace('identifier="B"', 'identifier="B" fixed="true"')
    found = read_one(
        item(
            '<rubricBlock view="candidate"><p>Take your time.</p></rubricBlock><p>Look: <img src="a.png" alt=""/></p>' + options,
            ONE + correct("A"),
            head='<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float"><defaultValue><value>2.5</value></defaultValue></outcomeDeclaration>',
            tail='<modalFeedback outcomeIdentifier="F" identifier="B" showHide="show">No.</modalFeedback>'
            '<modalFeedback outcomeIdentifier="F" identifier="wrong" showHide="show">Again.</modalFeedback><companionMaterialsInfo/>',
        )
    )  # fmt: skip
    assert found.question is not None
    said = found.question.model_dump()
    assert [one["feedback"] for one in said["options"]] == ["Yes.", "No."]
    for words in ("Take your time", "a picture", "keeps its place", "2 instead of 2.5", "Again.", "companionMaterials"):
        assert any(words in note for note in found.notes), (words, found.notes)


def items_refused() -> dict[str, str]:
    """Return items that are none of ours, each by what an author is told."""
    return {
        "an essay": item('<extendedTextInteraction responseIdentifier="RESPONSE"/>', WORD),
        "on a picture": item('<hotspotInteraction responseIdentifier="RESPONSE"/>', ONE),
        "two sets": item('<associateInteraction responseIdentifier="RESPONSE"/>', SOME),
        "program of its own": item('<customInteraction responseIdentifier="RESPONSE"/>', ONE),
        "no kind of question": item('<holoInteraction responseIdentifier="RESPONSE"/>', ONE),
        "2 interactions": item(f"<p>{TEXT} and {TEXT}</p>", WORD + correct("a")),
        "without answers": item("<p>Hello.</p>", ONE + correct("A")),
        "does not say what is right": item(choices("a", "b"), ONE),
        "does not declare": item(choices("a", "b"), ONE + correct("A")).replace('identifier="RESPONSE" c', 'identifier="R" c'),
        "exactly one must be right": item(choices("a", "b"), ONE + correct("B")).replace('identifier="B"', 'identifier="C"'),
        "same identifier": item(choices("a", "b"), ONE + correct("A")).replace('identifier="B"', 'identifier="A"'),
        "earns points": item(choices("a", "b"), ONE + mapping({"A": -1}), rules="map_response"),
        "is not a number": item(choices("a", "b"), ONE + mapping({"A": 1}), rules="map_response").replace('"1"/>', '"much"/>'),
        "add up to": item(choices("a", "b"), SOME + mapping({"A": 1, "B": 1}, upperBound="1"), rules="map_response"),
        "each of its entries": item(choices("a", "b", "c", kind="order"), ORDER + correct("A", "B")),
        "just one other": item(SETS, PAIRS + correct("C M", "C N")),
        "what is not there": item(SETS, PAIRS + correct("C Q", "D N")),
        "neither a text nor a number": item(f"<p>{TEXT}</p>", ONE + correct("A")),
        "“many” is not a number": item(f"<p>{TEXT}</p>", NUMBER + correct("many")),
        "two sets to be matched": item(SETS.replace("<simpleMatchSet>", "<x>", 1).replace("</simpleMatchSet>", "</x>", 1), PAIRS + correct("C M")),
        "template": item(choices("a", "b"), ONE + correct("A"), head='<templateDeclaration identifier="X" cardinality="single" baseType="integer"/>'),
        "answered once": SINGLE.replace('adaptive="false"', 'adaptive="true"'),
    }  # fmt: skip


def test_an_item_that_is_none_of_ours_is_refused_with_the_reason() -> None:
    for why, text in items_refused().items():
        found = read_one(text)
        assert found.question is None, why
        assert why in (found.refused or ""), (why, found.refused)


async def test_a_package_is_taken_item_by_item_in_the_order_of_its_manifest(service: TrainingService) -> None:
    manifest = (
        "<manifest><resources>"
        '<resource type="imsqti_item_xmlv2p2" href="items/b.xml"><metadata><general><keyword><langstring>Tone'
        "</langstring></keyword></general></metadata></resource>"
        '<resource type="imsqti_item_xmlv2p2" href="items/a.xml"/></resources></manifest>'
    )
    files: dict[str, str | bytes] = {
        "imsmanifest.xml": manifest,
        "items/a.xml": SINGLE,
        "items/b.xml": item(choices("Ana", "Ben"), ONE + correct("A"), name="who"),
        "items/c.xml": item('<uploadInteraction responseIdentifier="RESPONSE"/>', ONE, name="essay"),
        "items/again.xml": SINGLE,
        "items/broken.xml": "<assessmentItem>",
        "items/old.xml": "<questestinterop/>",
        "test.xml": "<assessmentTest/>",
        "media/picture.png": b"\x89PNG" * 100,
    }
    answer = await service.client.post("/v1/courses", json={"key": "tested", "title": "Tested"})
    answer = await service.client.post(
        "/v1/courses/tested/question-imports", content=package(files), headers={"Content-Type": "application/zip"}
    )
    report = answer.json()
    assert answer.status_code == 200, answer.text
    told = [(one["file"], one["key"], one["effect"]) for one in report["questions"]]
    assert (report["format"], told) == (
        "qti",
        [
            ("items/b.xml", "who", "created"),
            ("items/a.xml", "first", "created"),
            ("items/again.xml", "first", None),
            ("items/broken.xml", None, None),
            ("items/c.xml", "essay", None),
            ("items/old.xml", None, None),
        ],
    )
    assert report["questions"][2]["detail"] == "the question in items/a.xml has the key first, too"
    assert "QTI 1.2" in report["questions"][5]["detail"]
    assert (await bank(service))["who"]["tags"] == ["tone"]

    again = await taken(service, SINGLE, format="qti")
    assert (again["unchanged"], again["questions"][0]["file"], again["questions"][0]["line"]) == (1, None, 1)
    test = await send(service, "<assessmentTest/>", format="qti")
    assert "send the whole package" in test.json()["detail"]


def test_a_package_that_grows_or_lies_is_refused_without_being_unpacked() -> None:
    before = time.process_time()
    bomb = package({f"{n}.xml": b" " * packages.LARGEST for n in range(40)})
    assert len(bomb) < 100_000
    with pytest.raises(NotAQuestionFile, match="unpacked"):
        qti.read(bomb)
    [large] = qti.read(package({"a.xml": b" " * (packages.LARGEST + 1)}))
    assert "unpacked" in (large.refused or "")
    with pytest.raises(NotAQuestionFile, match="files"):
        qti.read(package({f"{n}.txt": b"" for n in range(packages.MOST_FILES + 1)}))
    many = package({f"{n}.xml": SINGLE for n in range(501)})
    with pytest.raises(NotAQuestionFile, match="500"):
        qti.read(many)
    [odd] = qti.read(package({"a.xml": SINGLE}, compression=ZIP_BZIP2))
    assert "packed in a way" in (odd.refused or "")
    [outside] = qti.read(package({"../../etc/a\n.xml": SINGLE}))
    assert (outside.key, outside.file) == ("first", "../../etc/a\N{REPLACEMENT CHARACTER}.xml")
    encrypted = bytearray(package({"a.xml": SINGLE}))
    at = encrypted.index(b"PK\x01\x02")
    encrypted[at + 8] |= 1
    [locked] = qti.read(bytes(encrypted))
    assert locked.refused == "is encrypted"
    assert time.process_time() - before < 8


PACKAGE = package({"imsmanifest.xml": "<manifest/>", "a.xml": SINGLE, "b.xml": SINGLE.replace("first", "b")})


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_package_with_any_bytes_changed_is_refused_or_reported_file_by_file(data: st.DataObject) -> None:
    body = bytearray(PACKAGE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
    try:
        found = qti.read(bytes(body))
    except NotAQuestionFile:
        return
    assert all((one.question is None) == (one.refused is not None) for one in found)
