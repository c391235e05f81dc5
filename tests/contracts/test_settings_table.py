"""The operator's guide names every setting with its default, and none that does not exist."""

import json
import re
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from services.gateway.settings import GatewaySettings
from services.monitoring.settings import MonitoringSettings
from services.policy.settings import PolicySettings
from services.training.settings import TrainingSettings
from shared.settings import ServiceSettings

GUIDE = Path(__file__).parents[2] / "docs" / "operator.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)


def written(heading: str) -> dict[str, str]:
    """Return names and defaults of the table under a heading line."""
    table = GUIDE.read_text().split(heading, 1)[1].lstrip().split("\n\n", 1)[0]
    return {name: default.strip("`") for name, default in ROW.findall(table)}


def as_written(field: FieldInfo) -> str:
    """Return a default as the guide writes it."""
    default: Any = field.default
    if default is None:
        return "none"
    if isinstance(default, tuple):
        return json.dumps(default)
    if isinstance(default, Enum):
        return str(default.value)
    return (
        str(TypeAdapter(Any).dump_python(default, mode="json")).replace("True", "true").replace("False", "false")
        or "empty"
    )


@pytest.mark.parametrize(
    ("heading", "settings", "base"),
    [
        ("For every service:", ServiceSettings, None),
        ("The gateway, as `SHARELOAD_GATEWAY_<NAME>`:", GatewaySettings, ServiceSettings),
        (
            "Monitoring, as `SHARELOAD_MONITORING_<NAME>`; times are ISO 8601 durations:",
            MonitoringSettings,
            ServiceSettings,
        ),
        ("The policy service, as `SHARELOAD_POLICY_<NAME>`:", PolicySettings, ServiceSettings),
        ("The training service, as `SHARELOAD_TRAINING_<NAME>`:", TrainingSettings, ServiceSettings),
    ],
)
def test_the_operators_guide_has_every_setting_with_its_default(
    heading: str, settings: type[BaseSettings], base: type[BaseSettings] | None
) -> None:
    own = settings.model_fields.keys() - (base.model_fields.keys() if base else set())
    assert written(heading) == {name.upper(): as_written(settings.model_fields[name]) for name in own}
