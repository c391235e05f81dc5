"""Conversations that branch: what the learner sees, what is kept, and graphs in which nobody gets lost."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.training.schemas.scenarios import Scenario, best_score
from tests.evidence import evidence_of
from tests.training.conftest import TrainingService
from tests.training.courses import SCENARIO, enrol, slug, write


async def choose(client: httpx.AsyncClient, run: Any, words: str) -> Any:
    """Choose the reply that begins like this."""
    reply = next(one["id"] for one in run["node"]["replies"] if one["text"].startswith(words))
    answer = await client.post(
        f"/v1/scenario-runs/{run['id']}/choices", json={"node": run["node"]["id"], "reply": reply}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def begin(service: TrainingService) -> tuple[httpx.AsyncClient, str, Any]:
    """Put a person on a course that is a scenario, and begin it."""
    german = {"nodes": {"hello": {"post": "Wo ist mein Paket?", "replies": {"ask": {"text": "Wann war das?"}}}}}
    await write(service, "talk", [SCENARIO], translations={"de": {"modules": {"parcel": german}}})
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    path = f"/v1/enrolments/{await enrol(ana, 'talk')}"
    return ana, path, (await ana.post(f"{path}/scenarios/parcel/runs")).json()


async def test_a_learner_sees_where_they_are_and_nothing_ahead_and_passes_by_a_good_ending(
    service: TrainingService,
) -> None:
    ana, path, run = await begin(service)
    for hidden in ("blame", "On Monday", "Nobody is helped", 'score": 2', "glad", 'ending": "good'):
        assert hidden not in json.dumps(run), hidden
    assert slug(await ana.post(f"{path}/scenarios/parcel/runs")) == (409, "run-open")
    assert (await ana.get(path)).json()["modules"][0]["open_run"] == run["id"]

    second = await choose(ana, run, "When")
    assert [step["feedback"] for step in second["path"]] == ["You listen."]
    assert second["node"]["post"] == "On Monday."
    end = await choose(ana, second, "See")
    assert (end["ending"], end["passed"], end["node"]["replies"]) == ("good", True, [])
    assert end["score"] == pytest.approx(2 / 3)
    assert (await ana.get(path)).json()["completed_at"] is not None
    kept = [subject for subject, _, _ in await evidence_of(service.db, "scenario.chosen")]
    assert kept == [f"scenario-run/{run['id']}/{place}" for place in (1, 2)]


async def test_a_poor_ending_is_tried_again_and_a_choice_counts_once(service: TrainingService) -> None:
    ana, path, run = await begin(service)
    choices = f"/v1/scenario-runs/{run['id']}/choices"
    blame = {"node": run["node"]["id"], "reply": reply_of(run, "Ask")}
    first, again = [(await ana.post(choices, json=blame)).json() for _ in range(2)]
    assert (first["passed"], first["ending"], again) == (False, "poor", first)
    assert slug(await ana.post(choices, json={**blame, "reply": reply_of(run, "When")})) == (409, "run-over")

    other = (await ana.post(f"{path}/scenarios/parcel/runs")).json()
    assert other["id"] != run["id"]
    path = f"/v1/scenario-runs/{other['id']}/choices"
    assert slug(await ana.post(path, json=blame)) == (409, "elsewhere-in-the-run")
    strange = {"node": other["node"]["id"], "reply": "0" * 16}
    assert slug(await ana.post(path, json=strange)) == (422, "not-a-reply")


async def test_a_run_is_resumed_by_its_learner_alone_and_in_their_language(service: TrainingService) -> None:
    ana, _, run = await begin(service)
    await service.add_person("E-2")
    ben = await service.as_person("E-2")
    assert (await ben.get(f"/v1/scenario-runs/{run['id']}")).status_code == 404

    german = (await ana.get(f"/v1/scenario-runs/{run['id']}", params={"locale": "de"})).json()
    assert (german["node"]["post"], german["locale"]) == ("Wo ist mein Paket?", "de")
    assert {reply["text"] for reply in german["node"]["replies"]} == {"Wann war das?", "Ask the courier."}
    assert [reply["id"] for reply in german["node"]["replies"]] == [reply["id"] for reply in run["node"]["replies"]]


def reply_of(run: Any, words: str) -> str:
    return str(next(one["id"] for one in run["node"]["replies"] if one["text"].startswith(words)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda nodes: nodes[0]["replies"].pop(), "offers no choice"),
        (lambda nodes: nodes[0]["replies"][0].update(next="nowhere"), "leads to nowhere, which is no node"),
        (lambda nodes: nodes[1]["replies"][0].update(next="hello"), "in a circle"),
        (lambda nodes: nodes.append({"key": "lost", "post": "?", "ending": "poor"}), "nothing leads to lost"),
        (lambda nodes: nodes[2].update(ending="poor"), "no way through comes to a good ending"),
        (lambda nodes: nodes[3].update(replies=nodes[0]["replies"]), "is an ending, so it has no replies"),
        (lambda nodes: nodes.append(nodes[2]), "two nodes share a key"),
    ],
)
def test_a_conversation_in_which_a_learner_would_get_lost_is_refused(change: Any, words: str) -> None:
    scenario = json.loads(json.dumps(SCENARIO))
    change(scenario["nodes"])
    with pytest.raises(ValidationError, match=words):
        Scenario.model_validate(scenario)


@st.composite
def conversations(draw: st.DrawFn) -> dict[str, Any]:
    """Graphs of any kind: of those that are `tidy` most hold together, of the others hardly any."""
    size = draw(st.integers(3, 9))
    tidy = draw(st.booleans())
    nodes: list[dict[str, Any]] = []
    for place in range(size):
        if place >= size - 2 or (not tidy and place > 1 and draw(st.booleans())):
            nodes.append({"key": f"n{place}", "post": "x", "ending": draw(st.sampled_from(["good", "poor"]))})
            continue
        ahead = [draw(st.integers(place + 1 if tidy else 0, size - 1)) for _ in range(draw(st.integers(2, 3)))]
        if tidy:
            ahead[:2] = [place + 1, size - 1 if place == size - 3 else ahead[1]]
        replies = [
            {"key": f"r{number}", "text": "x", "score": draw(st.integers(0, 5)), "next": f"n{target}"}
            for number, target in enumerate(ahead)
        ]
        nodes.append({"key": f"n{place}", "post": "x", "replies": replies})
    return {"kind": "scenario", "key": "any", "title": "Any", "start": "n0", "nodes": nodes}


@given(conversations(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_every_way_through_an_accepted_conversation_ends_and_a_refused_one_has_a_way_that_does_not(
    given_graph: dict[str, Any], dice: Any
) -> None:
    nodes = {node["key"]: node for node in given_graph["nodes"]}
    reached = walk_everywhere(nodes)
    circular = any(comes_back(nodes, key) for key in reached)
    good = any(nodes[key].get("ending") == "good" for key in reached)
    sound = not circular and good and reached == nodes.keys()
    try:
        scenario = Scenario.model_validate(given_graph)
    except ValidationError:
        assert not sound
        return
    assert sound
    best = best_score(scenario)
    for _ in range(5):
        at, earned, steps = scenario.by_key[scenario.start], 0, 0
        while at.ending is None:
            reply = dice.choice(at.replies)
            earned, at, steps = earned + reply.score, scenario.by_key[reply.next], steps + 1
        assert steps < len(nodes)
        assert earned <= best


def walk_everywhere(nodes: dict[str, Any]) -> set[str]:
    """Return what can be reached, the plain way."""
    reached = {"n0"}
    for _ in nodes:
        reached |= {reply["next"] for key in reached for reply in nodes[key].get("replies", [])}
    return reached


def comes_back(nodes: dict[str, Any], start: str) -> bool:
    """Say whether some way from a node leads back to it, the plain way."""
    ahead = {reply["next"] for reply in nodes[start].get("replies", [])}
    for _ in nodes:
        ahead |= {reply["next"] for key in ahead for reply in nodes[key].get("replies", [])}
    return start in ahead
