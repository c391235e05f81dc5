"""A course's question bank: versions, what is drawn of it, and questions that the rule engine answers."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.training.domain.teaching import rules
from services.training.schemas.quizzes import Quiz
from shared.events.policy import RuleText, SectionInForce, VersionInForceV1
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService
from tests.training.quizzing import fill_bank, learner, single, slug, write_quiz

QUESTIONS = "/v1/courses/tested/questions"


async def test_an_edit_makes_a_version_and_a_sitting_keeps_the_one_that_it_drew(service: TrainingService) -> None:
    await fill_bank(service, single(1, tags=["tone"]))
    await write_quiz(service, draws=[{"tag": "tone", "count": 1}])
    ana = await learner(service)
    attempt = await ana.drawn()

    changed = single(1, tags=["tone"], text="Now what?")
    changed["options"][0]["correct"], changed["options"][1]["correct"] = False, True
    path = f"{QUESTIONS}/q1"
    first = await service.client.get(path)
    stale = await service.client.put(path, json=changed, headers={"If-Match": '"7"'})
    second = await service.client.put(path, json=changed, headers={"If-Match": first.headers["ETag"]})
    same = await service.client.put(path, json=changed)
    assert (stale.status_code, second.json()["version"], same.json()["version"]) == (412, 2, 2)
    assert slug(await service.client.put(path, json={**changed, "key": "q2"})) == (422, "other-key")

    assert (await ana.read(attempt))["items"][0]["text"] == "What about 1?"
    await ana.choose(attempt)
    assert (await ana.submit(attempt))["passed"], "graded by the version that was drawn"
    versions = (await service.get(f"{path}/versions"))["items"]
    assert [(one["version"], one["question"]["text"]) for one in versions] == [(1, "What about 1?"), (2, "Now what?")]
    for action in ("question.created", "question.changed"):
        ((_, content, _),) = await evidence_of(service.db, action)
        assert content is not None


async def test_a_quiz_draws_by_tag_and_difficulty_without_repeats_until_all_have_come(service: TrainingService) -> None:
    bank = [single(n, tags=["tone"], difficulty="easy" if n < 4 else "hard") for n in range(8)]
    await fill_bank(service, *bank, single(8, tags=["law", "tone"]), single(9, tags=["other"]))
    draws = [
        {"tag": "tone", "difficulty": "easy", "count": 2},
        {"difficulty": "hard", "count": 1},
        {"tag": "law", "count": 1},
    ]
    await write_quiz(service, draws=draws)
    ana = await learner(service)

    sittings = [{int(item["text"].split()[2][:-1]) for item in (await ana.fail())["items"]} for _ in range(4)]

    for drawn in sittings:
        assert (len(drawn & {0, 1, 2, 3}), len(drawn & {4, 5, 6, 7}), drawn - set(range(8))) == (2, 1, {8})
    assert sittings[0] & sittings[1] == {8}
    assert set().union(*sittings) == set(range(9))


async def test_a_retired_question_is_drawn_no_more_until_it_is_reinstated(service: TrainingService) -> None:
    await fill_bank(service, *(single(n, tags=["tone"]) for n in range(3)))
    await write_quiz(service, draws=[{"tag": "tone", "count": 2}])
    ana = await learner(service)

    retired = await service.post(f"{QUESTIONS}/q0/retirement")
    assert retired["retired_at"] is not None
    drawn = [item["text"] for _ in range(4) for item in (await ana.fail())["items"]]
    assert set(drawn) == {"What about 1?", "What about 2?"}
    listed = await service.get(QUESTIONS, retired=False, tag="tone", kind="single", difficulty="medium")
    assert [item["question"]["key"] for item in listed["items"]] == ["q1", "q2"]

    await service.post(f"{QUESTIONS}/q1/retirement")
    assert slug(await ana.start()) == (409, "not-enough-questions")
    await service.post(f"{QUESTIONS}/q0/reinstatement")
    assert {item["text"] for item in (await ana.fail())["items"]} == {"What about 0?", "What about 2?"}


async def test_a_version_that_asks_for_more_questions_than_there_are_does_not_come_into_force(
    service: TrainingService,
) -> None:
    await fill_bank(service, single(1, tags=["tone"]), single(2, tags=["tone", "law"]))
    for draws in (
        [{"tag": "tone", "count": 3}],
        [{"tag": "law", "count": 1}, {"count": 2}],
        [{"tag": "none", "count": 1}],
    ):
        quiz = {"kind": "quiz", "key": "quiz", "title": "Quiz", "pass_mark": 1, "draws": draws}
        refused = await service.client.post("/v1/courses/tested/versions", json={"modules": [quiz]})
        assert slug(refused) == (409, "not-enough-questions"), draws
    await write_quiz(service, draws=[{"tag": "law", "count": 1}, {"tag": "tone", "count": 1}])


async def test_the_bank_is_for_authors_and_knows_each_key_once(service: TrainingService) -> None:
    await fill_bank(service, single(1))
    ana = await learner_client(service)
    for path in (QUESTIONS, f"{QUESTIONS}/q1", f"{QUESTIONS}/q1/versions"):
        assert (await ana.get(path)).status_code == 403
    assert slug(await service.client.post(QUESTIONS, json=single(1))) == (409, "question-exists")
    assert (await service.client.get(f"{QUESTIONS}/q7")).status_code == 404
    assert (await service.client.get("/v1/courses/nowhere/questions")).status_code == 404


async def learner_client(service: TrainingService) -> Any:
    """Return the client of somebody who only learns."""
    await service.add_person("E-1")
    return await service.as_person("E-1")


RULES = {
    "disclose": "id: disclose\nseverity: hold\ndetect: {disclosure: {of: [Acme], tags: ['#AcmeStaff']}}\nmessage: Say that you work here.",
    "no-secrets": "id: no-secrets\nseverity: block\ndetect: {words: [prototype]}\nmessage: Not before it is announced.",
    "no-pitch": "id: no-pitch\nseverity: advise\ndetect: {words: [buy now]}\nmessage: Do not sell to people you have just met.",
}
POST = {"text": "Our Acme prototype is brilliant!", "network": "mastodon"}


def in_force(version: int, **yaml: str) -> VersionInForceV1:
    """Return what is told when a version comes into force."""
    return VersionInForceV1.model_validate(
        {
            "policy": "rules",
            "version": version,
            "title": "Rules",
            "locale": "en",
            "effective_at": "2026-01-01T00:00:00Z",
            "source": "# Speak",
            "sections": [SectionInForce(id="speak", heading="Speak", hash="h")],
            "rules": [RuleText(id=key.replace("_", "-"), section="speak", yaml=text) for key, text in yaml.items()],
        }
    )


async def test_which_rule_a_post_breaks_is_asked_of_the_rule_engine_and_stays_as_it_was_published(
    service: TrainingService,
) -> None:
    question = {"key": "q", "kind": "rule_break", "text": "Which rules?", "post": POST, "policy": "rules"}
    refused = await service.client.post("/v1/courses/answering/questions", json=question)
    assert (slug(refused), refused.json()["errors"][0]["pointer"]) == ((422, "no-such-rule"), "/policy")

    await service.db.write(rules.keep, in_force(2, **RULES))
    await service.db.write(rules.keep, in_force(1))  # comes late
    await fill_bank(service, {**question, "tags": ["rules"]})
    kept = (await service.get(f"{QUESTIONS}/q"))["question"]
    assert [(one["rule"], one["correct"]) for one in kept["options"]] == [
        ("disclose", True),
        ("no-secrets", True),
        ("no-pitch", False),
        (None, False),
    ]
    assert kept["version"] == 2
    unknown = await service.client.post(QUESTIONS, json={**question, "key": "other", "rules": ["gone"]})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/rules")

    await write_quiz(service, draws=[{"tag": "rules", "count": 1}])
    await service.db.write(rules.keep, in_force(3, disclose=RULES["disclose"].replace("Acme]", "Other]")))
    ana = await learner(service)
    attempt = await ana.drawn()
    (item,) = attempt["items"]
    assert item["post"]["text"] == POST["text"]
    assert item["options"][-1]["text"] == "It breaks none of these rules."
    ids = {one["text"]: one["id"] for one in item["options"]}
    await ana.put(attempt, item, options=[ids["Say that you work here."], ids["Not before it is announced."]])
    assert (await ana.submit(attempt))["passed"]


async def test_a_quizs_own_question_on_a_post_gets_its_options_when_the_version_is_published(
    service: TrainingService,
) -> None:
    await service.db.write(rules.keep, in_force(1, **RULES))
    kind = {"kind": "rule_break", "text": "Which?", "policy": "rules"}
    clean = {**kind, "key": "clean", "post": {"text": "Good morning."}, "rules": ["no-pitch"]}
    claimed = {"text": "Nothing is right", "correct": True}
    pitch = {**kind, "key": "pitch", "post": {"text": "Buy now!"}, "rules": ["no-pitch"], "options": [claimed, claimed]}
    await write_quiz(service, questions=[clean, pitch], pass_mark=1)
    ana = await learner(service)
    attempt = await ana.drawn()
    for item in attempt["items"]:
        assert len(item["options"]) == 2
        chosen = item["options"][1 if "morning" in item["post"]["text"] else 0]
        await ana.put(attempt, item, options=[chosen["id"]])
    assert (await ana.submit(attempt))["passed"]


@pytest.mark.parametrize(
    "parts",
    [
        {"questions": [], "draws": []},
        {"questions": [single(1)], "draws": [{"count": 1}]},
        {"questions": [single(1), single(1)]},
        {"questions": [single(1)], "draw": 2},
        {"draws": [{"count": 1}], "draw": 2},
        {"questions": [single(1)], "review": "after_last_attempt"},
    ],
)
def test_a_quiz_that_does_not_fit_together_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Quiz.model_validate({"kind": "quiz", "key": "quiz", "title": "Quiz", "pass_mark": 1, **parts})
