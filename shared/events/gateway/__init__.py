"""What the gateway tells."""

from shared.events.gateway.access import KeyCreatedV1, KeyRevokedV1, SignedInV1
from shared.events.gateway.privacy import GatewayErasureFinishedV1, RecordsReadV1

__all__ = ["GatewayErasureFinishedV1", "KeyCreatedV1", "KeyRevokedV1", "RecordsReadV1", "SignedInV1"]
