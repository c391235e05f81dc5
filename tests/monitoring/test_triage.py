"""What customers write is sorted by cues that anybody can read, try and edit; what staff write is not."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.domain.conversations import inbound
from services.monitoring.domain.posts import posts, showing
from services.monitoring.domain.triage import shipped, triage
from services.monitoring.domain.triage.cues import check
from services.monitoring.domain.triage.sorting import Sorter
from services.monitoring.schemas.conversations import ConversationIn, MessageIn
from services.monitoring.schemas.triage import TriageCuesIn
from shared.db import Database
from shared.pages import PageQuery
from tests.monitoring.organisation import KEY, hire, listed, post
from tests.platform import Platform

SENTENCES = {
    "en": {
        "crisis": "Your heater caught fire and my daughter is in hospital!",
        "spam": "Gain followers fast, passive income from home, link in bio http://x.example",
        "complaint": "Still waiting for my parcel after three weeks. Worst service ever.",
        "question": "Do you ship to Norway?",
        "praise": "Thank you, the new tent is wonderful",
        "other": "Out on the fjord with the red kayak",
    },
    "de": {
        "crisis": "Das Netzteil hat Feuer gefangen, mein Sohn ist im Krankenhaus",
        "spam": "Geld verdienen von zu hause, hier klicken, bitcoin http://x.example",
        "complaint": "Seit drei Wochen keine Antwort, das Zelt ist immer noch kaputt. Frechheit!",
        "question": "Habt ihr das auch in Größe M?",
        "praise": "Vielen Dank, das Zelt ist großartig",
        "other": "Mit dem Kajak auf dem Fjord",
    },
    "es": {
        "crisis": "La batería explotó y hay un herido",
        "spam": "Gana dinero desde casa con bitcoin, haz clic http://x.example",
        "complaint": "Pésimo servicio, llevo tres semanas esperando mi pedido y nadie responde",
        "question": "¿Tienen esta tienda en azul?",
        "praise": "Muchas gracias, me encanta la tienda",
    },
    "fr": {
        "crisis": "Le réchaud a explosé, mon fils est blessé",
        "spam": "Gagnez de l'argent avec bitcoin, cliquez ici http://x.example",
        "complaint": "Toujours pas de réponse, ma commande n'est jamais arrivée. Inadmissible !",
        "question": "Avez-vous cette tente en bleu ?",
        "praise": "Merci, la tente est magnifique",
    },
    "pt": {
        "crisis": "O fogareiro pegou fogo e há um ferido",
        "spam": "Ganhe dinheiro em casa com bitcoin, clique aqui http://x.example",
        "complaint": "Péssimo atendimento, ainda não recebi minha encomenda e ninguém responde",
        "question": "Vocês têm essa barraca em azul?",
        "praise": "Obrigada, adorei a barraca",
    },
}
ALL = PageQuery(200, None)
CUES = TriageCuesIn.model_validate(
    {
        "kinds": {"complaint": {"threshold": 1, "cues": {"leak*": 1, "no leak": -1}}},
        "urgency": {"raining": 1},
        "topics": {"repairs": ["seam", "seams"]},
    }
)
letters = st.text(string.ascii_lowercase + "äéñ", min_size=1, max_size=6)


@pytest.mark.parametrize("language", shipped.languages())
def test_the_cues_that_come_sort_plain_sentences(language: str) -> None:
    sorter = triage.shipped_sorter(language)
    assert {text: sorter.sort(text).kind for text in SENTENCES[language].values()} == {
        text: kind for kind, text in SENTENCES[language].items()
    }
    check(shipped.cues(language))


@settings(max_examples=50, deadline=None)
@given(letters, st.lists(letters, max_size=8), st.sampled_from([" ", ", ", " – ", "\n", ". "]))
def test_a_cue_is_found_as_a_word_and_never_within_another(cue: str, words: list[str], between: str) -> None:
    sorter = Sorter(TriageCuesIn.model_validate({"kinds": {"praise": {"threshold": 1, "cues": {cue: 1}}}}))
    for text in (between.join(words), between.join(words).upper()):
        assert (sorter.sort(text).kind == "praise") == (cue in words)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_sorted(text: str) -> None:
    said = triage.Readers({}).read(text, None)
    assert said.kind is not None
    assert said.urgency in range(4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The tent leaks", ("complaint", 2, None)),
        ("There is NO LEAK at all", ("other", 1, None)),
        ("It leaked at the seams and it's raining", ("complaint", 3, "repairs")),
        ("Bleak and raining", ("other", 2, None)),
    ],
)
def test_weights_add_up_and_urgency_and_topic_have_cues_of_their_own(
    text: str, expected: tuple[str, int, str | None]
) -> None:
    assert Sorter(CUES).sort(text)[:3] == expected


async def test_a_mention_brings_its_kind_into_its_conversation_and_a_guessed_topic_only_where_somebody_takes_it(
    db_on_both: Database,
) -> None:
    db = db_on_both
    await hire(db, 1, topics=["delivery"])
    complaint = post("1", "Where is my parcel? Still waiting, worst service ever!", lang="en")
    await db.write(posts.ingest, [complaint])
    (kept,) = (await db.read(showing.listed, ALL, KEY, showing.Filter())).items
    assert (kept.triage, kept.urgency, kept.topic) == ("complaint", 2, "delivery")
    await db.write(posts.ingest, [post("2", "How do I change my password?", lang="en")])
    made = {one.customer: (one.kind, one.urgency, one.topic, one.state) for one in await listed(db)}
    assert made == {
        "@customer-1": ("complaint", 2, "delivery", "assigned"),
        "@customer-2": ("question", 1, None, "assigned"),
    }


async def test_a_pushed_thread_is_sorted_where_its_tool_says_nothing_and_rises_when_the_customer_is_in_danger(
    db: Database,
) -> None:
    def thread(name: str, text: str, **said: object) -> ConversationIn:
        message = {"network_id": "1", "text": text}
        body = {"network": "inbox", "thread": name, "customer": "@ola", "messages": [message], **said}
        return ConversationIn.model_validate(body)

    text = "Hello, I have a question: do you ship to Norway?"
    sorted_here = await db.write(inbound.push, thread("1", text))
    assert (sorted_here.language, sorted_here.kind, sorted_here.urgency) == ("en", "question", 1)
    sorted_there = await db.write(inbound.push, thread("2", text, kind="complaint", urgency=0, language="de"))
    assert (sorted_there.language, sorted_there.kind, sorted_there.urgency) == ("de", "complaint", 0)

    danger = MessageIn(network_id="2", text="The stove caught fire!", sent_at=None)
    risen = await db.write(inbound.add_message, sorted_here.id, danger)
    assert (risen.kind, risen.urgency) == ("crisis", 3)
    thanks = MessageIn(network_id="3", text="Thank you, all is well", sent_at=None)
    assert (await db.write(inbound.add_message, sorted_here.id, thanks)).kind == "crisis"


async def test_nothing_is_said_of_what_staff_write(db: Database) -> None:
    await db.write(posts.ingest, [post("1", "Worst service ever, I hate it", kind="staff", author="@ana")])
    (kept,) = (await db.read(showing.listed, ALL, KEY, showing.Filter())).items
    assert (kept.triage, kept.urgency, kept.topic) == (None, None, None)


async def test_cues_are_tried_changed_and_taken_back_and_count_from_then_on(platform: Platform) -> None:
    client = platform.services["monitoring"]
    text = "My tent leaks, it is a long way home"
    body = {"text": text, "cues": CUES.model_dump()}
    tried = (await client.post("/v1/triage-trials", json=body)).json()
    assert (tried["lang"], tried["kind"], tried["scores"]) == ("en", "complaint", {"complaint": 1.0})
    assert tried["found"] == [{"cue": "leak*", "speaks_for": "complaint", "weight": 1.0}]
    assert (await client.post("/v1/triage-trials", json={"text": text})).json()["kind"] == "other"

    path = "/v1/triage-cues/en"
    read = await client.get(path)
    assert (read.headers["etag"], read.json()["changed_at"]) == ('"0"', None)
    put = await client.put(path, json=CUES.model_dump(), headers={"If-Match": '"0"'})
    assert (put.status_code, put.headers["etag"]) == (200, '"1"')
    assert (await client.put(path, json=CUES.model_dump(), headers={"If-Match": '"0"'})).status_code == 412
    assert (await client.post("/v1/triage-trials", json={"text": text})).json()["kind"] == "complaint"
    assert {"language": "en", "edited": True} in (await client.get("/v1/triage-cues")).json()["items"]

    assert (await client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    back = await client.get(path)
    assert (back.headers["etag"], "still waiting" in back.json()["kinds"]["complaint"]["cues"]) == ('"2"', True)
    assert (await client.post("/v1/triage-trials", json={"text": text})).json()["kind"] == "other"


async def test_cues_that_nothing_could_match_are_refused_and_a_new_language_is_begun(platform: Platform) -> None:
    client = platform.services["monitoring"]
    empty = {"kinds": {"praise": {"threshold": 1, "cues": {"…": 1}}}}
    refused = await client.put("/v1/triage-cues/pl", json=empty)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/praise")
    assert (await client.get("/v1/triage-cues/pl")).status_code == 404

    made = {"kinds": {"praise": {"threshold": 1, "cues": {"dziękuję": 1}}}}
    assert (await client.put("/v1/triage-cues/pl", json=made)).json()["revision"] == 1
    said = (await client.post("/v1/triage-trials", json={"text": "Dziękuję!", "lang": "pl-PL"})).json()
    assert (said["kind"], said["cues_of"]) == ("praise", "pl")
    assert (await client.delete("/v1/triage-cues/pl")).status_code == 204
    assert (await client.get("/v1/triage-cues/pl")).status_code == 404
