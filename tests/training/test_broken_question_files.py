"""Whatever is wrong with a file of questions, the answer is a clear problem or a report, in time, and nothing is half-written."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.training.domain.question_files.reading import Found, NotAQuestionFile
from services.training.domain.teaching.question_imports import READERS
from services.training.schemas.question_files import ImportFormat
from tests.training.conftest import TrainingService
from tests.training.qti_files import SINGLE
from tests.training.quizzing import slug
from tests.training.test_qti import items_refused
from tests.training.test_question_imports import BANK, GIFT, MOODLE, send

AIKEN = "".join(f"What is {n}?\nA. This\nB. That\nC. Neither\nANSWER: B\n\n" for n in range(20))
GOOD = {ImportFormat.GIFT: GIFT, ImportFormat.AIKEN: AIKEN, ImportFormat.MOODLE_XML: MOODLE, ImportFormat.QTI: SINGLE}
XML = MOODLE.removeprefix('<?xml version="1.0" encoding="UTF-8"?>\n')
BOMB = (
    "<!DOCTYPE quiz ["
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10 if before else "lol" * 10}">'
        for before, name in zip([*" abcdefgh"][:9], "abcdefghi", strict=True)
    ).replace("& ;", "lol")
    + "]><quiz><question type='essay'><name><text>&i;</text></name></question></quiz>"
)
BINARY: dict[str, bytes] = {
    "empty": b"",
    "only blanks": b" \n\t\n" * 50,
    "a mark only": b"\xff\xfe",
    "half UTF-16": GIFT.encode("utf-16")[:201],
    "Latin-1": "Qui répond ? {=Zoë ~Léa}\nA. é\nANSWER: A".encode("latin-1"),
    "NUL": b"Who? {=An\x00a ~Ben}\nA. \x00\nANSWER: A",
    "a spreadsheet": b"PK\x03\x04" + bytes(range(256)),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    "a lone surrogate": b"Who? {=\xed\xa0\x80 ~Ben}",
}
GIFTS = {
    "only comments": b"// nothing\n// [id:a] [tag:b]\n",
    "only a category": b"$CATEGORY: a/b\n",
    "too many": b"Who? {=A ~B}\n\n" * 501,
    "too many broken ones": b"Who?\n\n" * 100_000,
}
AIKENS = {"too many": AIKEN.encode() * 30}
XMLS = {
    "not closed": XML[:400].encode(),
    "closed twice": XML.encode() + b"</quiz>",
    "crossed": b"<quiz><question></quiz></question>",
    "another root": b"<html><body>Sign in</body></html>",
    "nothing in it": b"<quiz></quiz>",
    "an attribute twice": b'<quiz><question type="a" type="b"/></quiz>',
    "an unknown entity": b"<quiz><question>&nbsp;</question></quiz>",
    "an entity bomb": BOMB.encode(),
    "an external entity": b'<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz><question>&x;</question></quiz>',
    "an external document type": b'<!DOCTYPE quiz SYSTEM "http://127.0.0.1:9/quiz.dtd"><quiz><question/></quiz>',
    "a parameter entity": b'<!DOCTYPE quiz [<!ENTITY % x "y"> %x;]><quiz><question/></quiz>',
    "nested deep": b"<quiz>" + b"<question>" * 100_000,
    "an unknown encoding": b'<?xml version="1.0" encoding="klingon"?><quiz/>',
    "an encoding it has not": b'<?xml version="1.0" encoding="UTF-16"?><quiz/>',
    "a control character": b"<quiz><question>\x01</question></quiz>",
    "many elements": b"<quiz>" + b"<q/>" * 250_000 + b"</quiz>",
    "too many": b"<quiz>" + b'<question type="essay"/>' * 501 + b"</quiz>",
}
UNREADABLE = {
    ImportFormat.GIFT: BINARY | GIFTS,
    ImportFormat.AIKEN: BINARY | AIKENS,
    ImportFormat.MOODLE_XML: {name: body for name, body in BINARY.items() if name != "NUL"} | XMLS,
    ImportFormat.QTI: {name: body for name, body in BINARY.items() if name != "NUL"} | XMLS,
}
REFUSED_GIFT = [
    "Who? {=Ana ~Ben", "Who? =Ana ~Ben}", "Who? {{=Ana ~Ben}}", "Who? {=a ~b} and {=c ~d}", "Who? {}", "Who?", "Who? {~a ~b}",
    "Who? {~%70%a ~%70%b}", "Who? {~%x%a ~b}", "Who? {=a =b ~c}", "Who? {=%999%a}", "Who? {#}", "Who? {#many}", "Who? {#1..}",
    "Who? {#5:x}", "Who? {=a -> b}", "Who? {=a -> 1 =a -> 2}", "Who? {= ~b}", "Who? {>ALL a}", "Who? {=a#b#c ~d}", "{=a ~b}",
    "Who? {####all =a}", "Who? {1:SA:=a}", "Who? {=*}", "x" * 6000 + " {=a ~b}", "Who? {=" + "y" * 2000 + " ~b}", "[html]<p></p>{=a ~b}",
    "Who? {#2..1}", "Who? {#" + "9" * 400 + "}", "Who? {" + "~%1%a" * 100 + "}",
]  # fmt: skip
REFUSED_AIKEN = [
    "Who?", "Who?\nA. a\nB. b", "Who?\nANSWER: A", "Who?\nA. a\nANSWER: A", "Who?\nA. a\nB. b\nANSWER: C", "Who?\nA. a\nB. b\nANSWER:",
    "Who?\nA. a\nB. b\nANSWER: AB", "Who?\nA. a\nC. c\nANSWER: A", "Who?\nB. b\nA. a\nANSWER: A", "A. a\nB. b\nANSWER: A", "ANSWER: A",
    "Who?\nA.\nB. b\nANSWER: A", "Who?\nA. a\nA. b\nANSWER: A", "x" * 6000 + "\nA. a\nB. b\nANSWER: A", "Who?\nA. a\nB. b\nANSWER: a",
    "Who?\n" + "".join(f"{chr(65 + n)}. x\n" for n in range(26)) + "ANSWER: A", "Who?\n" + "A. x\n" * 500 + "ANSWER: A",
    "Who?\na. a\nb. b\nANSWER: A", "Who? {=a ~b}", "<quiz></quiz>",
]  # fmt: skip
TEXT = "<questiontext><text>Who?</text></questiontext>"
REFUSED_XML = [
    "", '<question type="cloze"/>', '<question type="multichoice"/>', f'<question type="multichoice">{TEXT}</question>',
    f'<question type="multichoice">{TEXT}<answer fraction="x"><text>a</text></answer></question>',
    f'<question type="multichoice">{TEXT}<answer fraction="1e999"><text>a</text></answer></question>',
    f'<question type="multichoice">{TEXT}<answer fraction="nan"><text>a</text></answer></question>',
    f'<question type="multichoice">{TEXT}<single>false</single><answer fraction="30"><text>a</text></answer></question>',
    f'<question type="numerical">{TEXT}<answer fraction="100"><text>much</text></answer></question>',
    f'<question type="numerical">{TEXT}<answer fraction="100"><text>1</text><tolerance>-1</tolerance></answer></question>',
    f'<question type="numerical">{TEXT}<answer fraction="100"><text>*</text></answer></question>',
    f'<question type="shortanswer">{TEXT}</question>', f'<question type="truefalse">{TEXT}</question>',
    f'<question type="truefalse">{TEXT}<answer fraction="100"><text>true</text></answer><answer fraction="100"><text>false</text></answer></question>',
    f'<question type="matching">{TEXT}</question>', f'<question type="ordering">{TEXT}<answer><text>a</text></answer></question>',
    '<question type="description"><shareload>{"question":{"kind":"single"}}</shareload></question>',
    '<question type="description"><shareload>[[[[</shareload></question>', '<question type="essay"><shareload>{</shareload></question>',
    f'<question type="ordering">{TEXT}<defaultgrade>1e99</defaultgrade></question>', "<answer/>", "<question/>",
    '<question type="multichoice"><questiontext format="html"><text>' + "&lt;b&gt;" * 20_000 + "</text></questiontext></question>",
]  # fmt: skip
REFUSED = {
    ImportFormat.GIFT: [one.encode() for one in REFUSED_GIFT],
    ImportFormat.AIKEN: [one.encode() for one in REFUSED_AIKEN],
    ImportFormat.MOODLE_XML: [f"<quiz>\n{one}</quiz>".encode() for one in REFUSED_XML if one],
    ImportFormat.QTI: [one.encode() for one in items_refused().values()],
}


@pytest.mark.parametrize("form", READERS)
async def test_a_file_that_cannot_be_read_is_a_clear_problem_and_nothing_of_it_is_kept(
    service: TrainingService, form: ImportFormat
) -> None:
    for kind, body in UNREADABLE[form].items():
        answer = await send(service, body, format=form.value)
        assert slug(answer) == (422, "not-a-question-file"), (kind, answer.text)
        assert len(answer.json()["detail"]) > 10, kind
    assert (await service.get(BANK))["items"] == []


@pytest.mark.parametrize("form", READERS)
def test_a_question_that_is_wrong_is_refused_with_its_line_and_a_reason(form: ImportFormat) -> None:
    assert len(REFUSED[form]) >= 19
    for body in REFUSED[form]:
        found = READERS[form](body)
        assert [one.question for one in found] == [None] * len(found), body[:200]
        assert all(one.refused and one.line > 0 for one in found), body[:200]


def read(form: ImportFormat, body: bytes) -> list[Found] | None:
    """Read a file; none when it is refused."""
    try:
        return READERS[form](body)
    except NotAQuestionFile:
        return None


SCRAPS = [b"{", b"}", b"=", b"~", b"#", b"\n\n", b"\\", b"%50%", b"->", b"::", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"\x00", b"\xff", b"ANSWER: ", b"A. ", b"// shareload: {"]  # fmt: skip


@pytest.mark.parametrize("form", READERS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_with_any_bytes_changed_is_refused_or_reported_question_by_question(
    form: ImportFormat, data: st.DataObject
) -> None:
    body = bytearray(GOOD[form].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        cut = data.draw(st.integers(0, 40))
        body[at : at + cut] = data.draw(st.binary(max_size=8) | st.sampled_from(SCRAPS))
    lines = body.count(b"\n") + 1
    for one in read(form, bytes(body)) or []:
        assert (one.question is None) == (one.refused is not None)
        assert 1 <= one.line <= lines + body.count(b"\r")


SLOW: dict[str, Callable[[int], bytes]] = {
    "braces": lambda n: b"{" * n,
    "closing braces": lambda n: b"}" * n,
    "blanks": lambda n: b"Who? {=a" + b" " * n + b"~b}",
    "backslashes": lambda n: b"Who? {=" + b"\\" * n + b"~b}",
    "marks": lambda n: b"Who? {" + b"~%" * n + b"}",
    "titles": lambda n: b"::" + b":a" * n,
    "ids": lambda n: b"// " + b"[id:" * n + b"\nWho? {=a ~b}",
    "tags": lambda n: b"// " + b"[tag:" * n + b"\nWho? {=a ~b}",
    "numbers": lambda n: b"Who? {#" + b"1." * n + b"}",
    "one line of tags": lambda n: b"Who <" + b"a<" * n + b"{=a ~b}",
    "entities": lambda n: b"Who " + b"&amp" * n + b"{=a ~b}",
    "JSON": lambda n: b"// shareload: " + b"[" * n + b"\nWho? {=a ~b}",
    "options": lambda n: b"Who?\n" + b"A. a\n" * n,
    "text": lambda n: b"<quiz>" + b"<question>" + b"x" * n + b"</question></quiz>",
    "HTML": lambda n: (
        b"<quiz><question type='essay'><questiontext><text><![CDATA["
        + b"<b>" * n
        + b"]]></text></questiontext></question></quiz>"
    ),
    "items": lambda n: SINGLE.encode().replace(b"<itemBody>", b"<itemBody>" + b"<p>x</p>" * (n // 8)),
    "attributes": lambda n: b"<quiz " + b"".join(b"a%d='' " % i for i in range(n // 10)) + b"/>",
}


@pytest.mark.parametrize("kind", SLOW)
def test_no_file_takes_longer_than_its_length_allows(kind: str) -> None:
    body = SLOW[kind](120_000)
    before = time.process_time()
    for form in READERS:
        read(form, body)
    assert time.process_time() - before < 8, "a tenth of a second is usual; what is not linear takes minutes"


def test_html_within_its_bound_is_read_in_no_time_however_it_is_nested() -> None:
    for scrap in ("<b>", "<div>", "<table><tr><td>", "<li>", "</p>", "<!--", "<a href='", "&#38;", "<svg><math>"):
        text = (scrap * 50_000)[:49_900]
        body = f"<quiz><question type='multichoice'><questiontext format='html'><text><![CDATA[{text}]]></text></questiontext></question></quiz>"
        before = time.process_time()
        read(ImportFormat.MOODLE_XML, body.encode())
        assert time.process_time() - before < 4, scrap
