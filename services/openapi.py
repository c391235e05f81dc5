"""Write the merged OpenAPI document that the gateway serves: `python -m services.openapi`, or `make openapi`."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.gateway import app as gateway
from services.gateway.openapi import FILE, merge
from services.gateway.openapi_examples import write_examples
from services.gateway.settings import GatewaySettings
from services.monitoring import app as monitoring
from services.monitoring.settings import MonitoringSettings
from services.policy import app as policy
from services.policy.settings import PolicySettings
from services.training import app as training
from services.training.settings import TrainingSettings
from shared.auth import make_key


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
    """Return the document of the four apps, with an example of each body and answer."""
    document = merge({name: app.openapi() for name, app in apps().items()})
    write_examples(document)
    return document


def render() -> str:
    """Return the document as the file holds it."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(render())
