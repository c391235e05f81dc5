"""A policy in its readers' languages, and what they are told where a translation does not keep up."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.policy.conftest import POLICY, PolicyService

GERMAN = """---
title: Richtlinie
---
# Sprich als du selbst {#speak-as-yourself}
Sag, für wen du arbeitest, wenn du über unsere Produkte sprichst.

# Sei freundlich {#be-kind}
Eine *Beleidigung* hat noch niemanden überzeugt.
"""
KIND_ONLY = "# Seja gentil {#be-kind}\nNinguém foi convencido por um insulto.\n"
PATH = "/v1/policies/social-media"


async def translate(
    service: PolicyService, version: str, locale: str = "de", source: str = GERMAN, **headers: str
) -> httpx.Response:
    return await service.client.put(
        f"{version}/translations/{locale}", json={"source": source, "employee_number": "E-3"}, headers=headers
    )


async def read(service: PolicyService, locale: str, **query: str) -> Any:
    answer = await service.client.get(PATH, params={"locale": locale, **query})
    assert answer.status_code == 200, answer.text
    return answer.json() | {"content_language": answer.headers["Content-Language"]}


def told(policy: Any) -> list[tuple[str, str, bool, bool]]:
    return [(each["id"], each["locale"], each["fallback"], each["out_of_date"]) for each in policy["sections"]]


async def test_a_reader_gets_the_language_they_ask_for(service: PolicyService) -> None:
    version = await service.publish()
    answer = await translate(service, version)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["current"], answer.json()["missing"], answer.json()["edition"]) == (2, 0, 1)

    german = await read(service, "de-at")
    assert (german["title"], german["locale"], german["source_locale"]) == ("Richtlinie", "de", "en")
    assert (german["locales"], german["fallback"], german["content_language"]) == (["en", "de"], False, "de")
    assert german["sections"][1]["heading"] == "Sei freundlich"
    assert german["sections"][1]["html"] == "<p>Eine <em>Beleidigung</em> hat noch niemanden überzeugt.</p>\n"

    english = (await service.client.get(PATH)).json()
    assert (english["title"], english["locale"]) == ("Social media policy", "en")
    # What is accepted and certified is the source, in whatever language it is read.
    assert [each["hash"] for each in english["sections"]] == [each["hash"] for each in german["sections"]]


async def test_what_is_not_translated_comes_as_it_was_written_and_says_so(service: PolicyService) -> None:
    version = await service.publish()
    await translate(service, version, "pt", KIND_ONLY)

    portuguese = await read(service, "pt-BR")
    assert told(portuguese) == [("speak-as-yourself", "en", True, False), ("be-kind", "pt", False, False)]
    assert (portuguese["fallback"], portuguese["content_language"]) == (True, "en, pt")
    french = await read(service, "fr")
    assert told(french) == [("speak-as-yourself", "en", True, False), ("be-kind", "en", True, False)]
    assert (french["locale"], french["content_language"]) == ("en", "en")
    assert told(await read(service, "en-GB"))[0] == ("speak-as-yourself", "en", False, False)


async def test_a_later_version_takes_over_what_did_not_change_and_marks_what_did(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    await translate(service, await service.publish())
    version = await service.publish(POLICY.replace("Nobody was ever", "No colleague was ever"))

    assert told(await read(service, "de")) == [
        ("speak-as-yourself", "de", False, False),
        ("be-kind", "en", True, True),
    ]
    german = (await service.client.get(f"{version}/translations/de")).json()
    kind = german["sections"][1]
    assert (kind["status"], kind["out_of_date"], kind["version"]) == ("out_of_date", True, 1)
    assert kind["translated_from"] != kind["source_hash"]
    assert kind["markdown"].startswith("Eine *Beleidigung*")
    assert (await service.client.get(f"{version}/translations")).json()["items"] == [
        {"locale": "de", "current": 1, "out_of_date": 1, "missing": 0}
    ]

    again = await translate(service, version, source="# Sei freundlich {#be-kind}\nKeine Beleidigung überzeugt.\n")
    assert again.json()["current"] == 2
    assert told(await read(service, "de"))[1] == ("be-kind", "de", False, False)


async def test_a_draft_whose_source_is_edited_marks_its_translation(service: PolicyService) -> None:
    version = await service.write()
    await translate(service, version)
    known = {"If-None-Match": (await service.client.get(f"{version}/translations/de")).headers["ETag"]}
    assert (await service.client.get(f"{version}/translations/de", headers=known)).status_code == 304
    body = {"source": POLICY.replace("Nobody was ever", "No one was ever"), "change_note": "clearer"}
    assert (await service.client.put(version, json=body)).status_code == 200
    german = (await service.client.get(f"{version}/translations/de", headers=known)).json()
    assert [each["out_of_date"] for each in german["sections"]] == [False, True]


async def test_what_people_read_at_a_time_stays_what_it_was(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    version = await service.publish()
    before = service.clock.now()
    service.clock.advance(timedelta(days=1))
    await translate(service, version)
    between = service.clock.now()
    service.clock.advance(timedelta(days=1))
    etag = (await service.client.get(f"{version}/translations/de")).headers["ETag"]
    improved = await translate(
        service, version, source=GERMAN.replace("Sei freundlich", "Bleib freundlich"), **{"If-Match": etag}
    )
    assert improved.status_code == 200, improved.text

    assert (await read(service, "de", at=before.isoformat()))["locale"] == "en"
    assert (await read(service, "de", at=between.isoformat()))["sections"][1]["heading"] == "Sei freundlich"
    assert (await read(service, "de"))["sections"][1]["heading"] == "Bleib freundlich"


async def test_two_translators_do_not_overwrite_each_other(service: PolicyService) -> None:
    version = await service.publish()
    await translate(service, version)
    mine = GERMAN.replace("Sei", "Bleib")
    stale = await service.client.put(f"{version}/translations/de", json={"source": mine}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    assert (stale.json()["stored"]["source"], stale.json()["sent"]["source"]) == (GERMAN, mine)


async def test_a_new_translation_of_what_is_in_force_is_told_and_seen_by_who_asks_again(service: PolicyService) -> None:
    version = await service.publish()
    before = await service.client.get(PATH, params={"locale": "de"})
    await translate(service, version)
    again = await service.client.get(PATH, params={"locale": "de"}, headers={"If-None-Match": before.headers["ETag"]})
    assert again.status_code == 200
    (event,) = await service.told("policy.version.translated.v1")
    assert event == {
        "policy": "social-media",
        "version": 1,
        "locale": "de",
        "sections": ["speak-as-yourself", "be-kind"],
    }
    ((subject, _, person),) = await service.evidence("policy.translation.written")
    assert (subject, person) == ("policies/social-media/versions/1/translations/de", service.people["E-3"])


@pytest.mark.parametrize(
    ("locale", "source", "said"),
    [
        ("de", "# Unbekannt {#unknown}\nx\n", 'Line 1: the version has no section "unknown"'),
        ("de", "---\nlocale: fr\n---\n# X {#be-kind}\n", 'Line 1: front matter: the locale is "fr"'),
        ("en", "# X {#be-kind}\n", 'Line 1: the version itself is written in "en"'),
        ("de", "# X {#be-kind}\n```rule\nid: a\n```\n", "Line 2: rules stay in the version's own source"),
        ("de", "# X {#be-kind}\n# Y {#be-kind}\n", 'Line 2: the section id "be-kind" is that of line 1'),
    ],
)
async def test_a_translation_that_does_not_fit_is_refused_and_leaves_nothing(
    service: PolicyService, locale: str, source: str, said: str
) -> None:
    version = await service.publish()
    answer = await translate(service, version, locale, source)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"].startswith(said)
    assert (await service.client.get(f"{version}/translations")).json()["items"] == []


@pytest.mark.parametrize("locale", ["english", "d", "de_DE", "de-", "1", "de-%00"])
async def test_a_locale_that_is_none_is_refused(service: PolicyService, locale: str) -> None:
    version = await service.publish()
    assert (await translate(service, version, locale)).status_code == 422
    assert (await service.client.get(PATH, params={"locale": locale.replace("%00", "\x00")})).status_code == 422


async def test_what_is_no_longer_read_is_not_translated(service: PolicyService) -> None:
    first = await service.publish()
    await service.publish()
    refused = await translate(service, first)
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "not-translatable")


async def test_a_translation_of_a_draft_is_not_for_everyone(service: PolicyService) -> None:
    version = await service.write()
    await translate(service, version)
    assert (await service.as_person("E-3").get(f"{version}/translations/de")).status_code == 404
