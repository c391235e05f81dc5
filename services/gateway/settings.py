"""What the gateway is told by its environment."""

from pathlib import Path
from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import Environment, ServiceSettings


class GatewaySettings(ServiceSettings):
    """The gateway's settings, as `SHARELOAD_GATEWAY_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_GATEWAY_", extra="ignore")

    policy_url: str = "http://127.0.0.1:8001"
    training_url: str = "http://127.0.0.1:8002"
    monitoring_url: str = "http://127.0.0.1:8003"
    signing_key: Path = Path(".data/gateway-key.json")
    """The private key (a JWK file) that signs the token by which services know who asks."""
    bootstrap_key: SecretStr | None = None
    """An API key with all scopes that exists from the start."""
    logins_file: Path | None = None
    """Development only: `{role: {user, password}}` of those who may sign in."""
    public_url: str = "http://127.0.0.1:8000"
    """How browsers reach the gateway: decides the cookie's `Secure` and the origin that may write."""
    rate_limit: str = "60000/minute"
    """Requests of one key or person, in the notation of the `limits` package."""
    max_body: int = 64 * 1024 * 1024
    """The largest request body that is passed on, in bytes."""
    answer_timeout: float = 30.0
    """Seconds until a service must have begun to answer."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose scripts may call the API from a browser with a key."""
    frame_ancestors: tuple[str, ...] = ("'self'",)
    """Pages that may frame an embed, as Content-Security-Policy sources."""

    @model_validator(mode="after")
    def refuse_development_sign_in_elsewhere(self) -> Self:
        """Refuse logins from a file, or an address that others reach with them, outside development."""
        if self.logins_file and self.environment is Environment.PRODUCTION:
            raise ValueError("logins_file is the development sign-in; production does not take it")
        if self.logins_file and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("logins_file is the development sign-in; it binds to loopback only")
        return self

    @property
    def services(self) -> dict[str, str]:
        """Where each service is reached."""
        return {"policy": self.policy_url, "training": self.training_url, "monitoring": self.monitoring_url}
