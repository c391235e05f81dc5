"""What Entra and Okta do in their own way is understood."""

import json
from typing import Any

from tests.training.conftest import TrainingService
from tests.training.provisioning import ENTERPRISE, STAFF, USERS, create, patch, read

FOREIGN = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"


def op(name: str, value: Any = None, path: str | None = None) -> dict[str, Any]:
    """Return an operation; without a path, its value names the attributes."""
    return {"op": name, **({"path": path} if path else {}), **({"value": value} if value is not None else {})}


CASES: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    # Entra: operations with a capital, booleans as text.
    ([op("Replace", "False", "active")], {"active": False}),
    ([op("Add", "Ana Sá", "displayName")], {"name": "Ana Sá"}),
    # Entra, and Okta: no path, dotted names, names with their schema.
    ([op("Replace", {"active": "False", "displayName": "Ana"})], {"active": False, "name": "Ana"}),
    ([op("replace", {"active": False})], {"active": False}),
    (
        [op("Add", {"name.givenName": "Ana", f"{ENTERPRISE}:department": "Sales", "title": "Lead"})],
        {"department": "Sales", "title": "Lead"},
    ),
    ([op("Replace", {ENTERPRISE: {"costCenter": "9"}})], {"cost_centre": "9", "department": "Support"}),
    # Entra: a value of a list by its type, added where there is none.
    ([op("Replace", "ana@new.example", 'emails[type eq "work"].value')], {"email": "ana@new.example"}),
    ([op("Add", "Bavaria", 'addresses[type eq "work"].region')], {"region": "EMEA"}),
    (
        [op("Remove", path=f"{STAFF}:region"), op("Add", "Bavaria", 'addresses[type eq "work"].region')],
        {"region": "Bavaria"},
    ),
    # Entra: the manager by nothing but an id; an empty one takes the manager away.
    ([op("Add", "BOSS", f"{ENTERPRISE}:manager")], {"manager": "E-9"}),
    ([op("Add", {"value": "BOSS"}, f"{ENTERPRISE}:manager")], {"manager": "E-9"}),
    ([op("Add", "BOSS", f"{ENTERPRISE}:manager.value")], {"manager": "E-9"}),
    (
        [op("Add", "BOSS", f"{ENTERPRISE}:manager"), op("Replace", "", f"{ENTERPRISE}:manager")],
        {"manager": None},
    ),
    ([op("Add", "BOSS", f"{ENTERPRISE}:manager"), op("Remove", path=f"{ENTERPRISE}:manager")], {"manager": None}),
    # Okta: the manager by the number that HR has.
    ([op("add", "E-9", f"{ENTERPRISE}:manager.value")], {"manager": "E-9"}),
    # Attributes and extensions that we do not keep.
    ([op("Add", "555", 'phoneNumbers[type eq "work"].value'), op("Add", "Lead", "title")], {"title": "Lead"}),
    ([op("Add", "x", f"{FOREIGN}:badge"), op("Add", {FOREIGN: {"a": 1}, "title": "Lead"})], {"title": "Lead"}),
    # A list of values to remove.
    ([op("Remove", [{"value": "person-e-117@harbour.example"}], "emails")], {"email": "person-e-117@harbour.example"}),
    # A language that is none is kept by the provider's side and changes nothing here.
    ([op("Replace", "English (UK)", "preferredLanguage")], {"locale": None}),
    ([op("Replace", "en_gb", "preferredLanguage")], {"locale": "en-GB"}),
]


async def test_a_change_as_a_provider_sends_it_reaches_the_person(service: TrainingService) -> None:
    boss = await service.add_person("E-9")
    async with service.client as client:
        for number, (operations, facts) in enumerate(CASES, start=100):
            path = f"{USERS}/{(await create(client, f'E-{number}'))['id']}"
            sent = json.loads(json.dumps(operations).replace("BOSS", boss))
            changed = await patch(client, path, *sent)
            assert changed == await read(client, path), operations
            person = await service.get(f"/v1/people/E-{number}")
            assert {name: person[name] for name in facts} == facts, operations
