"""The protected activity guard: finds talk about work in five languages, and lets other talk be."""

import pytest

from shared.protected import FOLDER, guard
from tests.policy.checking import check
from tests.policy.conftest import PolicyService


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("They cut OUR  WAGES again", {"pay"}),
        ("Nobody got a raise, says my manager", {"pay"}),
        ("Mandatory overtime every Sunday", {"hours"}),
        ("The fire exit is blocked and my boss does not care", {"safety"}),
        ("We are understaffed and they fired two colleagues", {"conditions"}),
        ("Come to the union meeting, let's talk about unpaid breaks", {"organising", "hours"}),
        ("I am a whistleblower", {"wrongdoing"}),
        ("Mein Chef zahlt keinen Bonus mehr", {"pay"}),
        ("Der Dienstplan kommt wieder einen Tag vorher, und das ohne Betriebsrat", {"hours", "organising"}),
        ("Arbeitsunfälle werden hier vertuscht, sagen die Kollegen", {"safety", "wrongdoing"}),
        ("Encore des heures supplémentaires non payées, dit la direction", {"hours", "pay"}),
        ("On est en sous-effectif et il y a du harcèlement au travail", {"conditions", "safety"}),
        ("La huelga sigue: sin convenio colectivo no hay acuerdo", {"organising"}),
        ("Dos compañeros heridos y nadie dice nada de los turnos", {"safety", "hours"}),
        ("O meu salário não chega, e os despedimentos continuam", {"pay", "conditions"}),
        ("As escalas mudam todos os dias, disse a gerência", {"hours"}),
        ("Our wa\u200bges", {"pay"}),
    ],
)
def test_talk_about_work_is_found(text: str, topics: set[str]) -> None:
    assert guard().topics(text).keys() == topics


@pytest.mark.parametrize(
    "text",
    [
        "Pay now, get free shipping! Raise a glass and enjoy the break.",
        "Pay us a visit, opening hours are 9 to 5",
        "Our staff will help you: the schedule is on the website",
        "The European Union and its safety standards",
        "Run your workloads in the cloud, with a new benefits programme for customers",
        "The strike price of the option, and a shift of gears",
        "Der Alkoholgehalt ist hoch, die Schichten der Torte sind dünn",
        "Kündigung des Abos jederzeit möglich, Bezahlung per Karte",
        "Prix en hausse, congés de Noël : la boutique est fermée, pause café",
        "Horario de apertura: de 9 a 17. Paga con tarjeta y descansa.",
        "Turno das meias-finais: pausa para o café, escala em Lisboa",
        "Vergesst das Gehäuse nicht",
    ],
)
def test_other_talk_is_let_be(text: str) -> None:
    assert guard().topics(text) == {}


def test_every_topic_has_words_in_every_language_and_a_law_with_its_source() -> None:
    found = guard()
    topics = set(found.contents.topics)
    for place in found.jurisdictions:
        assert {topic for each in place.provisions for topic in each.topics} <= topics
        assert all(each.source.startswith("https://") and len(each.dated) == 10 for each in place.provisions)
    assert {topic for place in found.jurisdictions for each in place.provisions for topic in each.topics} == topics
    assert {file.stem for file in (FOLDER / "languages").glob("*.yaml")} == {"de", "en", "es", "fr", "pt"}


async def test_the_rules_only_advise_on_it_and_the_answer_says_why(service: PolicyService) -> None:
    await service.publish()
    text = "Only an idiot would call these working conditions fair"
    answer = await check(service, text=text)
    (reason,) = answer["reasons"]
    assert (answer["verdict"], reason["severity"], reason["rule_severity"]) == ("advise", "advise", "block")
    protected = answer["protected"]
    (topic,) = protected["topics"]
    assert (topic["topic"], text[topic["span"]["start"] : topic["span"]["end"]]) == ("conditions", "working conditions")
    assert {"US", "DE", "FR", "ES", "PT", "EU"} == {law["jurisdiction"] for law in protected["laws"]}
    assert "working conditions" in protected["message"]
