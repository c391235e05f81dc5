"""Monitoring through the gateway: posts become findings and conversations, and both come to an end."""

from datetime import timedelta
from typing import Any

from tests.platform import Platform
