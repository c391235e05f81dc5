"""Write the OpenAPI and the AsyncAPI document that the gateway serves: `python -m services.openapi`, or `make openapi`."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.gateway import app as gateway
from services.gateway import handlers as gateway_handlers
from services.gateway.openapi import EVENTS_FILE, FILE, merge
from services.gateway.openapi_answers import write_scopes
from services.gateway.openapi_examples import write_event_examples, write_examples
from services.gateway.rights import SELF
from services.gateway.settings import GatewaySettings
from services.monitoring import app as monitoring
from services.monitoring import handlers as monitoring_handlers
from services.monitoring.settings import MonitoringSettings
from services.policy import app as policy
from services.policy import handlers as policy_handlers
from services.policy.settings import PolicySettings
from services.training import app as training
from services.training import handlers as training_handlers
from services.training.settings import TrainingSettings
from shared import asyncapi
from shared.auth import Needs, make_key

HANDLERS = {
    "gateway": gateway_handlers.handlers,
    "monitoring": monitoring_handlers.handlers,
    "policy": policy_handlers.handlers,
    "training": training_handlers.handlers,
}


@cache
def apps() -> dict[str, FastAPI]:
    """Return the four apps as they are now; nothing is started."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.json"
        keys.write_text(json.dumps({"keys": [make_key().as_dict(private=False)]}))
        return {
            "gateway": gateway.create_app(GatewaySettings(data_dir=Path(folder))),
            "monitoring": monitoring.create_app(MonitoringSettings(token_keys=keys, data_dir=Path(folder))),
            "policy": policy.create_app(PolicySettings(token_keys=keys, data_dir=Path(folder))),
            "training": training.create_app(TrainingSettings(token_keys=keys, data_dir=Path(folder))),
        }


def build() -> dict[str, Any]:
    """Return the OpenAPI document of the four apps, with an example of each body and answer, and who may ask."""
    document = merge({name: app.openapi() for name, app in apps().items()})
    write_scopes(document, scopes())
    write_examples(document)
    return document


def scopes() -> dict[str, list[list[str]]]:
    """Return for each operation the scopes that its caller needs: one of each list."""
    asked: dict[str, list[list[str]]] = {}
    for app in apps().values():
        for route in app.state.area.routes:
            if isinstance(route, APIRoute):
                needs = [each.dependency for each in route.dependencies if isinstance(each.dependency, Needs)]
                for_keys = [sorted(set(need.scopes) - {SELF}) for need in needs]
                asked[route.name] = [one_of for one_of in for_keys if one_of]
    return asked


def build_events() -> dict[str, Any]:
    """Return the AsyncAPI document: which events there are, with an example, and which service handles each."""
    document = asyncapi.document()
    write_event_examples(document)
    for message in document["components"]["messages"].values():
        handled = [name for name, handlers in HANDLERS.items() if message["name"] in handlers.by_type]
        message["x-handled-by"] = sorted(handled)
    return document


def render(document: dict[str, Any]) -> str:
    """Return a document as its file holds it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(build()))
    EVENTS_FILE.write_text(render(build_events()))
