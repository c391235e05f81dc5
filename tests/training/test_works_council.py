"""Works-council mode: two people together switch figures of single people off, for a legal entity or for all."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import orjson
from sqlalchemy import select

from services.training.handlers import tell_works_council_modes
from shared import works_council
from shared.context import Principal
from shared.db import Session
from shared.tables import evidence_entries
from tests.training.conftest import TrainingService
from tests.training.provisioning import ENTERPRISE, USERS, create, user

PATH = "/v1/works-council-modes"
GMBH = "Alderfjord GmbH & Co. KG/Nord"
WHY = {"on": True, "reason": "Agreed with the works council."}


async def two_admins(service: TrainingService) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Return clients of two people who may change the mode; both work for the GmbH."""
    for number in ("E-1", "E-2"):
        await service.add_person(number, legal_entity=GMBH)
    await service.add_person("E-3")
    return await service.as_person("E-1", "admin:write"), await service.as_person("E-2", "admin:write")


def changes_of(entity: str) -> str:
    return f"{PATH}/{quote(entity, safe='')}/changes"


async def modes(client: httpx.AsyncClient) -> dict[str, Any]:
    return {one["legal_entity"]: one for one in (await client.get(PATH)).json()["items"]}


async def test_the_mode_is_changed_by_two_people_together_told_and_proven(service: TrainingService) -> None:
    one, other = await two_admins(service)
    assert {name: (mode["on"], mode["decided"]) for name, mode in (await modes(one)).items()} == {
        "*": (False, False),
        GMBH: (False, False),
    }
    proposed = await one.post(changes_of(GMBH), json=WHY, headers={"Idempotency-Key": "a"})
    assert proposed.status_code == 201, proposed.text
    change = proposed.json()
    assert (change["state"], change["proposer"], (await modes(one))[GMBH]["on"]) == ("open", "E-1", False)
    assert (await modes(one))[GMBH]["proposed"] == change
    confirmation = f"{changes_of(GMBH)}/{change['id']}/confirmation"
    refused = await one.post(confirmation)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "two-people-needed")
    assert await service.told("training.works_council_mode.changed.v1") == []
    confirmed = (await other.post(confirmation)).json()
    assert (confirmed["state"], confirmed["confirmer"]) == ("confirmed", "E-2")
    mode = (await modes(other))[GMBH]
    assert (mode["on"], mode["decided"], mode["proposed"]) == (True, True, None)
    assert mode["since"] == confirmed["confirmed_at"]
    (told,) = await service.told("training.works_council_mode.changed.v1")
    assert (told["legal_entity"], told["on"]) == (GMBH, True)
    assert await service.db.read(retold) == [(GMBH, True)]
    assert (await other.post(confirmation)).status_code == 409
    entered = await service.db.read(entries)
    assert [action for action in entered if "council" in action] == [
        "works_council_change.proposed",
        "works_council_change.confirmed",
    ]


async def test_who_comes_to_a_legal_entity_in_the_mode_is_hidden_and_who_goes_is_not(service: TrainingService) -> None:
    one, other = await two_admins(service)
    change = (await one.post(changes_of(GMBH), json=WHY)).json()["id"]
    assert (await other.post(f"{changes_of(GMBH)}/{change}/confirmation")).status_code == 200
    ids = [(await service.get(f"/v1/people/{number}"))["id"] for number in ("E-1", "E-3")]
    assert [await service.db.read(works_council.hides, each) for each in ids] == [True, False]
    await service.client.patch("/v1/people/E-1", json={"legal_entity": None})
    await service.client.patch("/v1/people/E-3", json={"legal_entity": GMBH})
    assert [await service.db.read(works_council.hides, each) for each in ids] == [False, True]
    head = "employee_number,name,email,department,region,legal_entity"
    body = f"{head}\nE-1,One,e-1@x.example,Support,EMEA,{GMBH}\nE-3,Three,e-3@x.example,Support,EMEA,Nord AG\n"
    sent = await service.client.post("/v1/people/imports", content=body, headers={"Content-Type": "text/csv"})
    assert sent.is_success, sent.text
    assert [await service.db.read(works_council.hides, each) for each in ids] == [True, False]


def retold(session: Session) -> list[tuple[str, bool]]:
    return [(event.legal_entity, event.on) for event in tell_works_council_modes(session, None, 100)]


def entries(session: Session) -> list[str]:
    bodies = session.execute(select(evidence_entries.c.body).order_by(evidence_entries.c.id)).scalars()
    return [orjson.loads(body)["action"] for body in bodies]


async def test_a_key_is_nobody_and_an_old_or_replaced_wish_counts_no_more(service: TrainingService) -> None:
    one, other = await two_admins(service)
    key = service.ask_as(Principal(id="key:admin", scopes=frozenset({"admin:write"})))
    assert (await key.post(changes_of(GMBH), json=WHY)).status_code == 403
    assert (await one.post(changes_of("Nobody Ltd"), json=WHY)).status_code == 404
    first, second = [(await one.post(changes_of("*"), json=WHY)).json()["id"] for _ in range(2)]
    assert (await key.post(f"{changes_of('*')}/{second}/confirmation")).status_code == 403
    assert (await other.post(f"{changes_of('*')}/{first}/confirmation")).status_code == 409
    assert (await other.post(f"{changes_of(GMBH)}/{second}/confirmation")).status_code == 404
    await service.advance(timedelta(days=15))
    assert (await other.post(f"{changes_of('*')}/{second}/confirmation")).status_code == 409
    third = (await one.post(changes_of("*"), json=WHY)).json()["id"]
    assert (await other.post(f"{changes_of('*')}/{third}/confirmation")).status_code == 200
    assert {name: mode["on"] for name, mode in (await modes(one)).items()} == {"*": True, GMBH: True}


async def test_whom_somebody_works_for_comes_from_every_source_and_is_told(service: TrainingService) -> None:
    await service.add_person("E-1", legal_entity="Nord AG")
    work = user("E-2")[ENTERPRISE] | {"organization": "Süd AG"}
    made = await create(service.client, "E-2", **{ENTERPRISE: work})
    assert made[ENTERPRISE]["organization"] == "Süd AG"
    found = await service.get(USERS, filter=f'{ENTERPRISE}:organization eq "Süd AG"')
    assert [each["id"] for each in found["Resources"]] == [made["id"]]
    told = await service.told("training.person.changed.v1")
    assert [(each["employee_number"], each["legal_entity"]) for each in told] == [("E-1", "Nord AG"), ("E-2", "Süd AG")]
    people = {one["employee_number"]: one["legal_entity"] for one in (await service.get("/v1/people"))["items"]}
    assert people == {"E-1": "Nord AG", "E-2": "Süd AG"}
