"""Sittings: their time, their answers, how often they may be repeated, and what is told of right answers when."""

import asyncio
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from services.training.domain.learning.sitting_times import GRACE
from services.training.tables import GradedAnswer
from shared.db import Session
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService
from tests.training.quizzing import Learner, bodies_told, fill_bank, learner, single, slug, write_quiz

MINUTE = timedelta(minutes=1)


async def test_answers_count_until_the_deadline_and_a_little_longer_for_a_lost_connection(
    service: TrainingService,
) -> None:
    await write_quiz(service, time_limit_minutes=10)
    ana = await learner(service)
    (module,) = (await ana.client.get(f"/v1/enrolments/{ana.enrolment}")).json()["modules"]
    assert module["time_limit_minutes"] == 10, "the limit is known before the sitting begins"
    attempt = await ana.drawn()
    first, second = attempt["items"]
    began, deadline, closes = (datetime.fromisoformat(attempt[key]) for key in ("started_at", "deadline", "closes_at"))
    assert (deadline - began, closes - deadline) == (10 * MINUTE, GRACE)

    service.clock.advance(10 * MINUTE + GRACE / 2)
    late = await ana.put(attempt, first, options=[first["options"][0]["id"]])
    service.clock.advance(GRACE)
    too_late = await ana.put(attempt, second, options=[second["options"][0]["id"]])

    assert late.status_code == 200
    assert slug(too_late) == (409, "time-is-up")
    result = await ana.submit(attempt)
    assert (result["ended"], datetime.fromisoformat(result["submitted_at"])) == ("expired", closes)
    assert slug(await ana.put(attempt, second, options=[])) == (409, "attempt-closed")


async def test_a_sitting_that_nobody_hands_in_is_graded_once_by_what_was_saved(service: TrainingService) -> None:
    await write_quiz(service, time_limit_minutes=10)
    ana = await learner(service)
    attempt = await ana.drawn()
    await ana.choose(attempt)

    service.clock.advance(20 * MINUTE)
    ticks = (service.app.state.backbone.tick() for _ in range(2))
    results = await asyncio.gather(*(ana.submit(attempt) for _ in range(3)), *ticks)
    await service.advance(MINUTE)

    assert results[0] == results[1] == results[2] == (await ana.read(attempt))["result"]
    assert (results[0]["passed"], results[0]["ended"]) == (True, "expired")
    assert len(await evidence_of(service.db, "attempt.graded")) == 1
    assert len(await service.told("training.course.completed.v1")) == 1
    assert await service.db.read(graded_answers) == [(True, 1.0, 1)] * 2


def graded_answers(session: Session) -> list[tuple[bool, float, int]]:
    """Return what is kept of all graded answers."""
    kept = select(col(GradedAnswer.first), col(GradedAnswer.earned), col(GradedAnswer.points))
    return [(first, earned, points) for first, earned, points in session.execute(kept)]


async def test_a_sitting_whose_time_ran_out_keeps_nobody_from_the_next(service: TrainingService) -> None:
    await write_quiz(service, time_limit_minutes=10)
    ana = await learner(service)
    first = await ana.drawn()
    assert slug(await ana.start()) == (409, "attempt-open")

    service.clock.advance(20 * MINUTE)
    second = await ana.drawn()

    assert second["id"] != first["id"]
    assert (await ana.read(first))["result"]["ended"] == "expired"


async def test_a_quiz_allows_so_many_sittings_with_a_pause_between_and_more_when_somebody_grants_them(
    service: TrainingService,
) -> None:
    await write_quiz(service, attempts=2, cool_down_minutes=60)
    ana = await learner(service)
    assert (await ana.drawn())["attempts_left"] == 1
    attempt = (await ana.start()).json()["detail"].split()[2]
    await ana.submit({"id": attempt})

    cooling = await ana.start()
    assert slug(cooling) == (409, "cooling-down")
    assert int(cooling.headers["Retry-After"]) == 3600
    service.clock.advance(60 * MINUTE)
    await ana.fail()
    service.clock.advance(60 * MINUTE)
    assert slug(await ana.start()) == (409, "no-attempt-left")

    body = {"module": "quiz", "reason": "The network was down."}
    path = f"/v1/enrolments/{ana.enrolment}/extra-attempts"
    lead = await service.as_person("E-1", "training:write")
    assert slug(await lead.post(path, json=body)) == (403, "own-matter")
    assert (await ana.client.post(path, json=body)).status_code == 403
    assert (await service.post(path, body))["attempts_left"] == 1
    assert (await ana.drawn())["attempts_left"] == 0
    assert len(await evidence_of(service.db, "attempts.granted")) == 1


async def test_a_late_or_older_answer_never_wins_and_each_window_is_told(service: TrainingService) -> None:
    await write_quiz(service)
    ana = await learner(service)
    attempt = await ana.drawn()
    item = attempt["items"][0]
    right, wrong = (one["id"] for one in sorted(item["options"], key=lambda one: str(one["text"])))

    assert (await ana.put(attempt, item, options=[wrong], revision=1)).json()["revision"] == 1
    assert (await ana.put(attempt, item, options=[right], revision=3)).json()["chosen"] == [right]
    older = await ana.put(attempt, item, options=[wrong], revision=2)
    other = await ana.put(attempt, item, options=[wrong], revision=3)
    again = await ana.put(attempt, item, options=[right], revision=3)
    assert (slug(older), older.json()["revision"]) == ((409, "newer-answer"), 3)
    assert slug(other) == (409, "newer-answer")
    assert (again.status_code, again.json()["revision"]) == (200, 3)

    unnumbered = await ana.put(attempt, item, options=[wrong])
    assert (unnumbered.json()["chosen"], unnumbered.json()["revision"]) == ([wrong], 4)
    here, there = (await ana.read(attempt))["items"][0], (await ana.read(attempt))["items"][0]
    assert here == there == unnumbered.json()


async def test_of_many_answers_at_once_the_one_of_the_highest_revision_counts(service: TrainingService) -> None:
    await write_quiz(service)
    ana = await learner(service)
    attempt = await ana.drawn()
    item = attempt["items"][0]
    options = [one["id"] for one in item["options"]]

    revisions = [5, 2, 9, 1, 7, 9, 3]
    saves = [ana.put(attempt, item, options=[options[revision % 2]], revision=revision) for revision in revisions]
    answers = await asyncio.gather(*saves)

    assert {answer.status_code for answer in answers} <= {200, 409}
    kept = (await ana.read(attempt))["items"][0]
    assert (kept["revision"], kept["chosen"]) == (9, [options[1]])


EVERY_KIND: list[dict[str, Any]] = [
    single(1, feedback="Secret lesson."),
    {
        "key": "many",
        "kind": "multiple",
        "text": "Which are calm?",
        "partial": "proportional",
        "points": 2,
        "options": [{"text": one, "correct": one != "shout", "feedback": f"Secret {one}"} for one in ("wait", "ask", "shout")],
    },
    {
        "key": "pairs",
        "kind": "matching",
        "text": "Who does what?",
        "points": 3,
        "pairs": [{"prompt": "lead", "match": "decides"}, {"prompt": "coach", "match": "guides"}, {"prompt": "all", "match": "learn"}],
        "distractors": ["waits a day"],
    },
    {"key": "order", "kind": "ordering", "text": "In which order?", "entries": ["read", "think", "write", "check"]},
    {
        "key": "word",
        "kind": "short_text",
        "text": "Which word?",
        "accepted": [{"text": "Secret-word", "feedback": "Secret yes"}, {"text": "nearly-secret", "credit": 33.33333}],
    },
    {"key": "number", "kind": "numeric", "text": "How many hours?", "accepted": [{"value": 23.75, "tolerance": 0.25}]},
]  # fmt: skip


def answers_by_text(attempt: Any) -> dict[str, dict[str, Any]]:
    """Return, by a question's text, an answer to it that earns the share named in the test below."""
    ids = {one["text"]: one["id"] for item in attempt["items"] for one in [*item["options"], *item["prompts"]]}
    return {
        "What about 1?": {"options": [ids["right 1"]]},
        "Which are calm?": {"options": [ids["wait"]]},
        "Who does what?": {
            "pairs": {ids["lead"]: ids["decides"], ids["coach"]: ids["waits a day"], ids["all"]: ids["learn"]}
        },
        "In which order?": {"order": [ids[one] for one in ("check", "read", "think", "write")]},
        "Which word?": {"text": " NEARLY-secret "},
        "How many hours?": {"number": 24},
    }


async def test_every_kind_of_question_is_answered_in_its_form_and_earns_its_part_exactly(
    service: TrainingService,
) -> None:
    # 1 + 2/2 + 3 * 2/3 + 2/3 + 1/3 + 1 = 6 of 9 points, just what is needed.
    await write_quiz(service, questions=EVERY_KIND, pass_mark=0.6666666666666666)
    ana = await learner(service)
    attempt = await ana.drawn()
    answers = answers_by_text(attempt)
    for item in attempt["items"]:
        saved = await ana.put(attempt, item, **answers[item["text"]])
        assert saved.status_code == 200, saved.text
        form = next(iter(answers[item["text"]]))
        assert saved.json()["answer"][form] == answers[item["text"]][form]

    result = await ana.submit(attempt)

    assert Fraction(result["score"]).limit_denominator(1000) == Fraction(6, 9)
    assert result["passed"]
    points = {item["text"]: one["points"] for item, one in zip(attempt["items"], result["items"], strict=True)}
    assert points == pytest.approx(
        {"What about 1?": 1, "Which are calm?": 1, "Who does what?": 2, "In which order?": 2 / 3, "Which word?": 1 / 3, "How many hours?": 1}
    )  # fmt: skip
    by_text = dict(zip([item["text"] for item in attempt["items"]], result["items"], strict=True))
    assert by_text["What about 1?"]["feedback"] == "Secret praise 1. Secret lesson."
    assert [one["feedback"] for one in by_text["Which are calm?"]["options"]] == ["Secret wait"]


async def test_an_answer_in_the_form_of_another_kind_or_about_another_question_is_refused(
    service: TrainingService,
) -> None:
    await write_quiz(service, questions=EVERY_KIND)
    ana = await learner(service)
    attempt = await ana.drawn()
    items = {item["kind"]: item for item in attempt["items"]}
    option = items["single"]["options"][0]["id"]
    prompt = items["matching"]["prompts"][0]["id"]
    entry = items["ordering"]["options"][0]["id"]
    for kind, answer in (
        ("single", {"text": "right"}),
        ("multiple", {"options": [option]}),
        ("matching", {"pairs": {option: option}}),
        ("matching", {"pairs": {prompt: prompt}}),
        ("ordering", {"order": [entry]}),
        ("ordering", {"order": [entry] * 4}),
        ("numeric", {"options": []}),
    ):
        refused = await ana.put(attempt, items[kind], **answer)
        form = next(iter(answer))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{form}"), (kind, answer)
    wrong: list[dict[str, Any]] = [{}, {"options": [option], "text": "x"}, {"number": "NaN"}, {"text": "x" * 501}]
    for body in wrong:
        assert (await ana.put(attempt, items["single"], **body)).status_code == 422, body


async def test_right_answers_are_nowhere_to_be_seen_before_the_end(service: TrainingService) -> None:
    """All that a learner can read, and all that is told to others, is searched for what only authors know."""
    await fill_bank(service, *({**one, "key": f"bank-{one['key']}", "tags": ["bank"]} for one in EVERY_KIND))
    await write_quiz(service, questions=EVERY_KIND, time_limit_minutes=60, attempts=3, review="after_pass")
    ana = await learner(service)
    attempt = await ana.drawn()
    answers = answers_by_text(attempt)
    seen = [await ana.start()]
    seen += [await ana.put(attempt, item, **answers[item["text"]]) for item in attempt["items"]]
    for path in (
        f"/v1/attempts/{attempt['id']}",
        f"/v1/enrolments/{ana.enrolment}",
        "/v1/enrolments",
        "/v1/courses",
        "/v1/courses/tested",
        "/v1/courses/tested/versions",
        "/v1/courses/tested/questions",
        "/v1/courses/tested/questions/bank-word",
        "/v1/courses/tested/questions/bank-word/versions",
    ):
        seen.append(await ana.client.get(path))

    told = await service.db.read(bodies_told)
    everything = [str(attempt), *(answer.text for answer in seen), *(body.decode() for body in told)]
    for text in everything:
        for secret in (
            "Secret",
            "secret",
            '"correct"',
            "'correct'",
            "accepted",
            "tolerance",
            "23.75",
            "credit",
            '"index"',
        ):
            said_by_learner = secret == "secret" and "NEARLY-secret" in text
            assert secret not in text or said_by_learner, text
    assert all("'solution': None" in str(item) for item in attempt["items"])
    assert any(b"training.enrolment.created" in body for body in told)

    await ana.submit(attempt)
    told = await service.db.read(bodies_told)
    assert not [body for body in told if b"Secret" in body or b"secret" in body]
    assert "Secret lesson." in str(await ana.read(attempt)), "the feedback is told to whoever sat the quiz"


@pytest.mark.parametrize(
    ("review", "after_failing", "after_the_last", "after_passing"),
    [("never", False, False, False), ("after_pass", False, False, True), ("after_last_attempt", False, True, True)],
)
async def test_solutions_are_seen_only_when_the_quiz_says(
    service: TrainingService, review: str, *, after_failing: bool, after_the_last: bool, after_passing: bool
) -> None:
    await write_quiz(service, review=review, attempts=2)
    ana, ben = await learner(service), await learner(service, "E-2")

    async def solved(who: Learner, attempt: Any) -> bool:
        items = (await who.read(attempt))["items"]
        solutions = [item["solution"] for item in items]
        for item, solution in zip(items, solutions, strict=True):
            texts = {one["id"]: one["text"] for one in item["options"]}
            assert solution is None or all(texts[one].startswith("right") for one in solution["options"])
        assert len({solution is None for solution in solutions}) == 1
        return solutions[0] is not None

    first = await ana.fail()
    assert await solved(ana, first) is after_failing
    second = await ana.drawn()
    assert not await solved(ana, first), "the last sitting is still open"
    await ana.submit(second)
    assert (await solved(ana, first), await solved(ana, second)) == (after_the_last, after_the_last)

    attempt = await ben.drawn()
    await ben.choose(attempt)
    assert (await ben.submit(attempt))["passed"]
    assert await solved(ben, attempt) is after_passing


async def test_someone_elses_sitting_cannot_be_reached_and_one_started_twice_is_one(service: TrainingService) -> None:
    await write_quiz(service)
    ana, ben = await learner(service), await learner(service, "E-2")
    starts = await asyncio.gather(*(ana.start() for _ in range(4)))
    (attempt,) = [answer.json() for answer in starts if answer.status_code == 201]
    assert [slug(answer) for answer in starts if answer.status_code != 201] == [(409, "attempt-open")] * 3

    stranger = Learner(ben.client, ana.enrolment)
    item = attempt["items"][0]
    assert (await stranger.start()).status_code == 404
    assert (await stranger.put(attempt, item, options=[])).status_code == 404
    assert (await ben.client.post(f"/v1/attempts/{attempt['id']}/submission")).status_code == 404
    other = await ben.drawn()
    assert slug(await ana.put(attempt, other["items"][0], options=[]))[0] == 404


async def test_a_submission_sent_again_under_its_key_has_one_effect(service: TrainingService) -> None:
    await write_quiz(service)
    ana = await learner(service)
    key = {"Idempotency-Key": "start-1"}
    path = f"/v1/enrolments/{ana.enrolment}/attempts"
    first, second = [await ana.client.post(path, json={}, headers=key) for _ in range(2)]
    assert (first.json(), second.headers["Idempotency-Replayed"]) == (second.json(), "true")
    await ana.choose(first.json())

    submission = f"/v1/attempts/{first.json()['id']}/submission"
    sent = [await ana.client.post(submission, headers={"Idempotency-Key": f"s-{n % 2}"}) for n in range(4)]

    assert len({answer.text for answer in sent}) == 1
    assert len(await service.told("training.course.completed.v1")) == 1
    count = select(func.count()).select_from(GradedAnswer)
    assert await service.db.read(lambda session: session.execute(count).scalar_one()) == 2


async def test_questions_of_the_quiz_itself_come_again_only_when_all_have_come(service: TrainingService) -> None:
    await write_quiz(service, questions=[single(number) for number in range(6)], draw=2)
    ana = await learner(service)
    rounds = [{item["text"] for item in (await ana.fail())["items"]} for _ in range(6)]
    assert not any(first & second for first, second in pairwise(rounds[:3]))
    assert len(rounds[0] | rounds[1] | rounds[2]) == 6
    assert len(rounds[3] | rounds[4] | rounds[5]) == 6
    firsts = select(col(GradedAnswer.first), func.count()).group_by(col(GradedAnswer.first))
    counts = await service.db.read(lambda session: dict(session.execute(firsts).all()))
    assert counts == {True: 2, False: 10}
