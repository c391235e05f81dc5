"""Search over what is in force: the same on both databases, whatever is typed."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.words import fold, snippet, words_of
from tests.policy.conftest import PolicyService
from tests.policy.team import ok, refused

SOURCE = """---
title: Handbook
---
# Salary and pay {#pay}
Nobody stops you from talking about pay. Café talk & <b>blogs</b> are yours.

# Photos {#photos}
Ask before you post photographs of colleagues; a photo of pay slips is private.

# Straßenfest {#fest}
Beim ÜBERMUT hilft ein Kaffee. 東京の写真は素敵です。 Ελληνικά, 日本.

# Naïve {#naive}
""" + " ".join(f"filler{n}" for n in range(200))


async def found(service: PolicyService, q: str, **more: str | int) -> list[str]:
    answer = ok(await service.as_person("E-1").get("/v1/search", params={"q": q, **more}))
    return [each["section"] for each in answer["items"]]


async def test_what_is_in_force_is_found_by_its_words_the_best_first(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish(SOURCE, key="handbook")
    # A word in a heading weighs more.
    assert await found(service, "pay") == ["pay", "photos"]
    assert await found(service, "PHOTO colleagues") == ["photos"]
    for spelling in ("cafe", "Café", "CAFÉ", "cafe\u0301"):
        assert await found(service, spelling) == ["pay"], spelling
    for foreign in ("strassenfest", "ubermut", "写真", "ελληνικα", "東"):
        assert await found(service, foreign) == ["fest"], foreign
    # Where no text has all of the words, any.
    assert set(await found(service, "may I talk about photographs?")) == {"pay", "photos"}
    assert await found(service, "submarine") == []

    (hit,) = ok(await service.client.get("/v1/search", params={"q": "blog talk"}))["items"]
    assert (hit["kind"], hit["policy"], hit["version"], hit["title"]) == ("policy", "handbook", 1, "Salary and pay")
    assert hit["snippet"] == (
        "Nobody stops you from <mark>talking</mark> about pay. Café <mark>talk</mark> &amp; &lt;b&gt;<mark>blogs</mark>"
        "&lt;/b&gt; are yours."
    )
    (long,) = ok(await service.client.get("/v1/search", params={"q": "filler150"}))["items"]
    assert long["snippet"].startswith("… filler142 ")
    assert "<mark>filler150</mark>" in long["snippet"]


async def test_search_follows_what_is_in_force_and_the_faq(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish(SOURCE, key="handbook")
    body = {"section": "photos", "question": "May I post selfies?", "answer": "Of yourself, always."}
    entry = ok(await service.client.post("/v1/policies/handbook/faq", json=body))
    assert await found(service, "selfie") == ["photos"]
    assert await found(service, "selfie", kinds="policy") == []
    (hit,) = ok(await service.client.get("/v1/search", params={"q": "yourself", "kinds": "faq"}))["items"]
    assert (hit["entry"], hit["version"]) == (entry["id"], None)
    path = f"/v1/policies/handbook/faq/{entry['id']}"
    ok(await service.client.patch(path, json={"question": "May I post portraits?"}))
    assert (await found(service, "selfie"), await found(service, "portrait")) == ([], ["photos"])
    await service.client.delete(path)
    assert await found(service, "portrait") == []

    draft = await service.write(SOURCE.replace("private", "confidential"), key="handbook")
    assert await found(service, "confidential") == []
    await service.approve(draft)
    ok(await service.client.post(f"{draft}/publication", json={}))
    assert (await found(service, "confidential"), await found(service, "private")) == (["photos"], [])


async def test_any_query_is_words_and_nothing_else(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish(SOURCE, key="handbook")
    for q in (
        "pay'", '"pay', "pay*", "pay AND", "OR pay", "NOT pay", "NEAR(pay talk, 5)", "title:pay", "pay -talk",
        "pay & !talk", "pay:*", "pay <-> talk", "(pay", "\\pay", "pay;--", "^pay", "pay\\", "{pay}", "🙂 pay", "pay\u200b",
    ):  # fmt: skip
        assert "pay" in await found(service, q), q
    for q in ("🙂", '"', "'", "…", "&|!", "''", '""""', "*", " ", "\u0301", "%_"):
        assert await found(service, q) == [], q
    refused(await service.client.get("/v1/search", params={"q": "x", "kinds": "people"}), 422, "invalid")
    refused(await service.client.get("/v1/search", params={"q": "a\x00b"}), 422, "invalid")
    refused(await service.client.get("/v1/search", params={"q": ""}), 422, "invalid")


async def test_a_translation_is_found_in_its_language_as_long_as_it_is_current(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.publish("# Pay {#pay}\nTalk about pay.\n\n# Photos {#photos}\nAsk first.", key="handbook")
    german = {"source": "# Lohn {#pay}\nSprich über Löhne.\n\n# Fotos {#photos}\nFrag zuerst."}
    ok(await service.client.put(f"{version}/translations/de", json=german))
    (hit,) = ok(await service.client.get("/v1/search", params={"q": "lohn"}))["items"]
    assert (hit["section"], hit["locale"], hit["title"]) == ("pay", "de", "Lohn")
    assert await found(service, "lohn", locale="de-CH") == ["pay"]
    assert await found(service, "lohn", locale="en") == []
    assert await found(service, "ask", locale="en") == ["photos"]

    await service.publish("# Pay {#pay}\nTalk about wages.\n\n# Photos {#photos}\nAsk first.", key="handbook")
    assert await found(service, "lohn") == []
    assert await found(service, "zuerst") == ["photos"]


async def test_hits_come_in_pages_each_once(service_on_both: PolicyService) -> None:
    sections = "\n\n".join(f"# Chapter {n}\nAbout kindness, part {n}." for n in range(7))
    await service_on_both.publish(sections, key="book")
    seen: list[str] = []
    params: dict[str, str | int] = {"q": "kindness", "limit": 3}
    while True:
        page = ok(await service_on_both.client.get("/v1/search", params=params))
        seen += [each["section"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert sorted(seen) == sorted(f"chapter-{n}" for n in range(7))


ANYTHING = st.text(max_size=60)


@given(ANYTHING, ANYTHING)
def test_a_snippet_is_the_text_escaped_with_only_our_marks(text: str, asked: str) -> None:
    made = snippet(text, fold(asked))
    assert not re.search(r"<(?!/?mark>)", made)
    assert html.unescape(made.replace("<mark>", "").replace("</mark>", "")).strip("… ") in html.unescape(
        html.escape(text)
    )


@pytest.mark.parametrize("text", ["Crème brûlée", "Öl & Straße", "東京 tower", "🙂 fun🙂fun"])
def test_a_word_is_where_the_text_has_it(text: str) -> None:
    assert [text[word.start : word.end] for word in words_of(text)] == re.findall(r"[東京]|[^\W_東京]+", text)


@given(st.text(max_size=80))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(" ".join(fold(text))) == fold(text)
