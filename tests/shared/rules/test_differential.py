"""The engine finds exactly what a slow and plain reading of the rules finds, in any script, however it is typed."""

import re
from datetime import UTC, date, datetime, timedelta

import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.rules import Draft, Media, PlacedRule, Rule, RuleSet
from shared.rules.folding import ONLY_CASED, clean, fold
from shared.rules.literals import required, requires_digit
from tests.shared.rules import oracle

# Pieces that have made engines stumble: they merge, split, vanish, stretch or look like word boundaries.
PIECES = [
    piece
    for row in (
        "acme|Acme|ACME|phone|Acmé|acme\u0301|straße|STRASSE|STRAẞE|İstanbul|ISTANBUL|ıstanbul|i\u0307|ﬁx|fix|ﬃ|ΐ|Ϊ\u0301|ς|Σ|σ",
        "ａｃｍｅ|Ｐｈｏｎｅ|１２|½|²|…|’|´|'|don’t|don't|e|é|e\u0301|\u0301|\u0323|q\u0307\u0323|ᾳ|α\u0345|ΑΙ|각|가\u11a8|ﾊﾞ|バ|か\u3099",
        "\u200b|\u200d|\u00ad|\u2060|\ufe0f|\u202e|\ufeff|😀|👍🏽|👩\u200d💻|❤\ufe0f|🇩🇪|#Acme|#|@|_|-|‐|‑|/|.|1\ufe0f\u20e3",
        "שלום|مرحبا|\u0640|नमस्ते|क\u094d|ไทย|日本|。| |  |\n|\t|\u00a0|\u2028|\u3000|\x00|\ud800|a|b|A|s|ss|ŉ|ǆ|ﷺ|㎏|Å",
    )
    for piece in row.split("|")
]

texts = st.lists(st.one_of(st.sampled_from(PIECES), st.characters(codec="utf-8")), max_size=14).map("".join)
typed = st.lists(st.sampled_from([*PIECES, *"abcdefghijk ABC"]), max_size=14).map("".join)
keywords = (
    st.lists(st.sampled_from([piece for piece in PIECES if piece != "\ud800"]), min_size=1, max_size=3)
    .map("".join)
    .filter(fold)
)


@st.composite
def pattern(draw: st.DrawFn) -> str:
    """Any small RE2 pattern that does not match the empty text."""
    literal = st.sampled_from(["acme", "Acme", "phone", "ss", "é", "i", r"\.", r"\$", "12", "straße", "a b", "が", "e"])
    atom = st.one_of(
        literal,
        st.sampled_from([r"\d", r"\w", r"\s", ".", "[a-c]", "[^a]", "^", "$", r"\pL", r"\x61b", "[]x]", "(?i)"]),
    )
    sequence = st.lists(
        st.one_of(
            atom,
            st.builds("(?:{}){}".format, atom, st.sampled_from(["", "?", "*", "+", "{2}", "{0,2}", "+?"])),
            st.builds("({}|{})".format, literal, literal),
            st.builds("(?i:{}{})".format, literal, atom),
        ),
        min_size=1,
        max_size=4,
    ).map("".join)
    return draw(st.one_of(sequence, st.builds("{}|{}".format, sequence, sequence)).filter(_usable))


def _usable(written: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(written, options).search("") is None
    except re2.error:
        return False


words = st.builds(
    lambda listed, substring, spoken: {"words": listed, "substring": substring, "languages": spoken},
    st.lists(keywords, min_size=1, max_size=4),
    st.booleans(),
    st.dictionaries(st.sampled_from(["de", "en"]), st.lists(keywords, min_size=1, max_size=2), max_size=2),
)
disclosure = st.builds(
    lambda of, tags, within: {"disclosure": {"of": of, "tags": tags, "within": within}},
    st.lists(keywords, min_size=1, max_size=3),
    st.lists(keywords, min_size=1, max_size=3),
    st.none() | st.integers(1, 20),
)
listed = st.lists(keywords, min_size=1, max_size=3)
days = st.dates(date(2026, 11, 1), date(2026, 11, 6)).map(str)
surroundings = st.one_of(
    st.builds(lambda some, day: {"embargo": {"words": some, "until": day}}, listed, days),
    st.builds(lambda one, other: {"quiet_period": {"from": min(one, other), "to": max(one, other)}}, days, days),
    st.builds(lambda some: {"first_contact_pitch": {"words": some}}, listed),
    st.sampled_from([{"missing": "alt_text"}, {"missing": "captions"}]),
    st.lists(st.sampled_from(["de", "en", "fr-CA"]), min_size=1, max_size=2).map(
        lambda some: {"language": {"only": some}}
    ),
)
detectors = st.recursive(
    words | disclosure | pattern().map(lambda written: {"pattern": written}) | surroundings,
    lambda parts: (
        st.builds(lambda several: {"all": several}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda several: {"any": several}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda part: {"not": part}, parts)
    ),
    max_leaves=4,
)
drafts = st.builds(
    Draft,
    texts | typed,
    staff=st.sampled_from([None, True, False]),
    language=st.sampled_from(["de", "de-AT", "en", "fr"]),
    first_contact=st.sampled_from([None, True, False]),
    media=st.lists(
        st.builds(Media, st.sampled_from(["image", "video", "audio"]), st.booleans(), st.booleans()), max_size=2
    ).map(tuple),
    now=st.none() | st.integers(-1, 145).map(lambda hours: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hours)),
)
# Numbers and addresses, true and nearly true, in pieces that may stand apart, together or in the middle of something.
NUMBERS = [
    *[
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111111111111111",
        "378282246310005",
        "3782 822463 10005",
        "36227206271667",
    ],
    *[
        "5555 5555 5555 4444",
        "6011111111111117",
        "4222222222222",
        "4111 1111 1111 1112",
        "3530111333300000",
        "6759649826438453",
    ],
    *[
        "DE89 3704 0044 0532 0130 00",
        "de89370400440532013000",
        "GB82WEST12345698765432",
        "NL91 ABNA 0417 1643 00",
        "NO93-8601-1117-947",
    ],
    *[
        "FR1420041010050500013M02606",
        "DE89 3704 0044 0532 0130 01",
        "111222333",
        "1112.22.333",
        "111222334",
        "54362315K",
        "54362315-k",
    ],
    *[
        "536-90-4399",
        "536 90 4399",
        "666-12-3456",
        "912-90-3456",
        "078-05-1120",
        "４１１１",
        "１１１１",
        "٤١١١",
        "１１１２２２３３３",
    ],
]
AROUND = [
    *[
        " ",
        "-",
        ",",
        "(",
        ")",
        ":",
        "\n",
        "😀",
        "é",
        "é",
        "ﬁ",
        "\u200b",
        "x",
        "_",
        "#",
        "+",
        "/",
        "0",
        "1",
        "12",
        "  ",
        "مرحبا",
    ],
    " ",
    " ",
]
ADDRESSES = [
    *[
        "ana",
        "o'brien",
        "jürgen",
        "a_b",
        "%",
        "+x",
        "-",
        ".",
        "'",
        "@",
        "@ana",
        "mail.example",
        "bücher.example",
        "x.y",
        "example.org",
        "xn--p1ai",
        "_x.org",
        "a.b-c.io",
        "a-.io",
    ],
    *[
        "ana@mail.example",
        "a@b.co",
        "ａｎａ＠mail.example",
        "a@b.c",
        "@ana@social.example",
        "x@y@z.org",
        " ",
        ",",
        "(",
        ")",
        "😀",
        "\u200b",
        "é",
        "\n",
    ],
]
around = st.lists(st.sampled_from(AROUND), max_size=2).map("".join)
numbers = st.lists(st.builds("{}{}{}".format, around, st.sampled_from(NUMBERS), around), max_size=3).map("".join)
addresses = st.lists(st.sampled_from(ADDRESSES), max_size=6).map("".join)
personal = st.lists(st.sampled_from(["card", "iban", "national_id", "email"]), min_size=2, max_size=4, unique=True).map(
    lambda kinds: {"pii": kinds, "regions": ["NL", "ES", "US"]}
)


def placed(*detects: object) -> list[PlacedRule]:
    severities = ["advise", "block", "hold"]
    return [
        PlacedRule(
            Rule.model_validate(
                {"id": f"r{number}", "severity": severities[number % 3], "message": "m", "detect": detect}
            ),
            policy="p",
            version=1,
            section="s",
        )
        for number, detect in enumerate(detects)
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(detectors, min_size=1, max_size=5), drafts)
@example([{"words": ["acme", "acme phone", "phone"]}], Draft("ACME\u200b  phone"))
@example([{"words": ["strasse"]}], Draft("😀 STRAẞE"))
@example([{"words": ["istanbul"]}], Draft("İSTANBUL ıstanbul"))
@example([{"words": ["e"]}], Draft("e\u0301 e\u200b\u0301 e"))
@example([{"words": ["'"]}], Draft("a ´\ufe0f b"))
@example([{"words": ["f"], "substring": True}], Draft("aﬃb"))
def test_the_engine_agrees_with_a_slow_and_plain_reading(detects: list[object], draft: Draft) -> None:
    rules = placed(*detects)
    draft = draft._replace(text=draft.text.replace("\ud800", "\ufffd"))

    found = [(match.rule.rule.id, match.span) for match in RuleSet.compile(rules).run(draft)]

    assert found == oracle.matches(rules, draft)


shared_letters = st.lists(st.text("ab ", min_size=1, max_size=4).filter(str.strip), min_size=1, max_size=6)


@settings(max_examples=100, deadline=None)
@given(shared_letters, st.text("aAb \n😀’…", max_size=25), st.booleans())
@example(["aa", "a", "aaa"], "aaaa", True)
@example(["b a", "a", "b"], "😀\n\n’a  b a\nb", False)
def test_keywords_that_overlap_and_come_again_are_found_where_they_stand(
    some: list[str], text: str, substring: bool
) -> None:
    rules = placed(*({"words": [keyword], "substring": substring} for keyword in some), {"words": some})
    expected = oracle.matches(rules, Draft(text))
    ruleset = RuleSet.compile(rules)

    for answer in (ruleset.run(Draft(text)), *ruleset.run_all([Draft(text), Draft(text)])):
        assert [(match.rule.rule.id, match.span) for match in answer] == expected


@settings(max_examples=300, deadline=None)
@given(personal, numbers | addresses)
@example({"pii": ["card"]}, "12 4111 1111 1111 1111 123")
@example({"pii": ["iban"]}, "DE89 DE89 3704 0044 0532 0130 00 und")
@example({"pii": ["email"]}, "'o'brien@x.y'.z@x.org")
def test_personal_data_is_found_as_by_trying_every_stretch_of_a_text(detect: object, text: str) -> None:
    rules = placed(detect)

    found = [(match.rule.rule.id, match.span) for match in RuleSet.compile(rules).run(Draft(text))]

    assert found == oracle.matches(rules, Draft(text))


@settings(max_examples=150, deadline=None)
@given(texts | typed)
def test_folding_a_whole_text_is_folding_its_letters_and_folding_twice_changes_nothing(text: str) -> None:
    assert fold(text) == "".join(letter.char for letter in oracle.letters(text))
    assert clean(text) == "".join(letter.char for letter in oracle.letters(text, cased=True))
    assert fold(fold(text)) == fold(text)


def test_the_short_way_of_folding_is_taken_only_by_letters_that_nothing_else_changes() -> None:
    short = re.compile(f"[{ONLY_CASED}]")
    # Of the many ideographs and syllables of East Asia every hundredth.
    points = [point for point in range(0x1FB00) if not 0x3400 < point < 0xD7A3 or point % 100 == 0]
    taken = [chr(point) for point in points if short.match(chr(point))]
    assert len(taken) > 3_000
    for char in taken:
        for text in (f"é{char}", f"{char}e", f"\u3042{char}\U0001f600"):
            assert fold(text) == "".join(letter.char for letter in oracle.letters(text)), (char, text)


@settings(max_examples=100, deadline=None)
@given(st.lists(texts | typed, max_size=5), st.lists(detectors, min_size=1, max_size=3))
@example(["é ", " \u0301acme", "Acme", "", "\ud800", "acmé"], [{"words": ["acme"]}])
def test_texts_run_together_are_answered_as_one_by_one(some: list[str], detects: list[object]) -> None:
    ruleset = RuleSet.compile(placed(*detects))
    several = [Draft(text, language="en") for text in some]

    assert ruleset.run_all(several) == [ruleset.run(draft) for draft in several]


@settings(max_examples=200, deadline=None)
@given(pattern(), typed)
def test_a_text_that_a_pattern_matches_contains_one_of_the_literals_that_the_pattern_requires(
    written: str, text: str
) -> None:
    text = text.replace("\ud800", "")
    literals = required(written)
    if literals is not None and any(re2.search(written, form) for form in (text, clean(text))):
        assert any(literal in fold(text) for literal in literals)
    if requires_digit(written) and any(re2.search(written, form) for form in (text, clean(text))):
        assert re.search("[0-9]", fold(text))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["acme", "é", "straße", "ss", "日本", "12", "क\u094d", "e"]), typed)
def test_a_pattern_with_word_boundaries_finds_whole_words_of_any_script(word: str, text: str) -> None:
    text = text.replace("\ud800", "")
    rules = placed({"pattern": rf"\b{word}\b"}, {"pattern": rf"(?i)\b(?:{word}|{word}x)"})

    first, second = (
        next((at for at in range(len(text)) if text.startswith(word, at) and oracle.bounded(text, at, end)), None)
        for end in (len(word), 0)
    )
    found = {match.rule.rule.id: match.span.start for match in RuleSet.compile(rules).run(Draft(clean(text)))}
    if clean(text) == text:
        assert found.get("r0") == first
        assert second is None or found["r1"] <= second


@given(texts)
def test_no_text_makes_the_engine_fail(text: str) -> None:
    rules = placed({"words": ["acme"]}, {"pattern": "[a-c]1"}, {"links": {"domains": ["acme.example"], "mode": "only"}})
    strict = rules[0].rule.model_copy(update={"evasion": "strict"})

    for match in RuleSet.compile([*rules, PlacedRule(strict, "p", 1, "s")]).run(Draft(text)):
        assert 0 <= match.span.start < match.span.end <= len(text)
