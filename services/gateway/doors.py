"""The parts of the gateway that live as long as its process, by name."""

from dataclasses import dataclass

from services.gateway.connectors.provider import Provider
from services.gateway.embeds.policies import Embeds
from services.gateway.forward import Forwarder
from services.gateway.guesses import Guesses
from services.gateway.keyring import Keyring
from services.gateway.limiter import Limiter
from services.gateway.read_model.age import PoliciesAge
from services.gateway.read_model.certificates import Certificates
from services.gateway.read_model.policies import Policies
from services.gateway.settings import GatewaySettings
from services.gateway.stream.hub import Hub
from services.gateway.stream.tail import Tail
from services.gateway.waiting import Waiting
from shared.auth import Principal
from shared.db import Database


@dataclass
class Doors:
    """What routes and layers share; opened in `app.py`, found as `app.state.doors`."""

    settings: GatewaySettings
    db: Database
    keyring: Keyring
    limiter: Limiter
    guesses: Guesses
    forwarder: Forwarder
    tail: Tail
    hub: Hub
    policies: Policies
    policies_age: PoliciesAge
    certificates: Certificates
    embeds: Embeds
    waiting: Waiting
    provider: Provider | None = None

    def expect(self, principal: Principal, told: dict[str, str]) -> None:
        """Let a principal read what it wrote: until the events of its write are applied, its reads go to the owner."""
        self.policies.expect(principal, told)
        self.certificates.expect(principal, told)
