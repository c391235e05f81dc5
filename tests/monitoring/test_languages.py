"""A post that names no language gets the one that it is clearly in, and goes to who speaks it."""

import pytest

from services.monitoring.domain.posts import posts, showing
from services.monitoring.domain.triage import triage
from shared.db import Database
from shared.pages import PageQuery
from tests.monitoring.organisation import KEY, hire, only, post

SENTENCES = {
    "de": "Guten Tag, seit letzter Woche warte ich auf mein Paket und niemand antwortet mir.",
    "en": "Good morning, I have been waiting for my parcel since last week and nobody answers.",
    "es": "Buenos días, llevo una semana esperando mi paquete y nadie me contesta.",
    "fr": "Bonjour, j'attends mon colis depuis une semaine et personne ne me répond.",
    "pt": "Bom dia, estou há uma semana à espera da minha encomenda e ninguém responde.",
    "ja": "おはようございます。先週から荷物を待っていますが、誰も返事をくれません。",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_the_language_of_a_sentence_is_told(language: str) -> None:
    assert triage.detect(SENTENCES[language]) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "@harbour hello?", "#summer https://x.example/der-die-das", "12345", "🙂🙂"]
)
def test_what_is_too_short_is_in_no_language(text: str) -> None:
    assert triage.detect(text) is None


async def test_a_mention_without_a_language_goes_to_who_speaks_it(db: Database) -> None:
    await hire(db, 1, languages=["en"])
    await hire(db, 2, languages=["de"])
    await db.write(posts.ingest, [post("1", SENTENCES["de"])])
    conversation = await only(db)
    assert (conversation.language, conversation.assignee) == ("de", "E-2")


async def test_the_language_that_a_sender_names_stands(db: Database) -> None:
    await db.write(posts.ingest, [post("1", SENTENCES["de"], lang="de-CH")])
    kept = (await db.read(showing.listed, PageQuery(200, None), KEY, showing.Filter())).items
    assert [one.lang for one in kept] == ["de-CH"]
