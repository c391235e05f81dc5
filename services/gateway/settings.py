"""What the gateway is told by its environment."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from services.gateway.rights import SCOPES, Role
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
    guess_limit: str = "60/minute"
    """Wrong credentials of one address, and of one key's prefix, that are refused one by one; right ones always work."""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Our own proxies in front: their `X-Forwarded-For` says whom a request without credentials comes from."""
    max_body: int = 64 * 1024 * 1024
    """The largest request body that is passed on, in bytes."""
    answer_timeout: float = 30.0
    """Seconds until a service must have begun to answer."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose scripts may call the API from a browser with a key."""
    frame_ancestors: tuple[str, ...] = ("'self'",)
    """Pages that may frame an embed, as Content-Security-Policy sources."""
    public_policies: tuple[str, ...] = ()
    """Policies that whoever reaches the gateway may read, without any credentials."""

    oidc_issuer: str = ""
    """The organisation's OpenID provider, as its tokens name it; empty: nobody signs in by one."""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = "openid profile email"
    oidc_audience: str = ""
    """What an access token must be for, to be taken by the API; empty: none is."""
    oidc_employee_number_claim: str = "employee_number"
    oidc_user_name_claim: str = "preferred_username"
    """Empty where people may choose their name at the provider: it would let them be somebody else here."""
    oidc_roles_claim: str = "groups"
    oidc_roles: dict[str, Role] = Field(default={})
    """What a group at the provider is here: `{"comms": "lead"}`; whoever signs in is at least an employee."""
    oidc_clients: dict[str, list[str]] = Field(default={})
    """Machines that come with a token of the provider, and the scopes that each may have at most."""

    @model_validator(mode="after")
    def refuse_a_provider_that_proves_nothing(self) -> Self:
        """Refuse a provider without TLS, a token for the API that a sign-in yields too, and scopes that do not exist."""
        if not self.oidc_issuer:
            return self
        issuer = urlsplit(self.oidc_issuer)
        if issuer.scheme != "https" and issuer.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("oidc_issuer must be an https address")
        if not self.oidc_client_id:
            raise ValueError("oidc_issuer needs oidc_client_id")
        if self.oidc_audience == self.oidc_client_id:
            raise ValueError("oidc_audience must not be oidc_client_id: what proves a sign-in would open the API")
        if unknown := sorted({scope for scopes in self.oidc_clients.values() for scope in scopes} - SCOPES):
            raise ValueError(f"oidc_clients: there is no scope {unknown[0]}")
        return self

    webhooks_also: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks that webhooks may lead to, also without TLS, for development and tests; production refuses any."""
    webhook_key: Path | None = None
    """The key file (a JWK) under which the secrets of webhooks are kept; made in the data folder where none is given."""

    smtp_url: SecretStr | None = None
    """The mail server for notices: `smtp://user:password@host:587` (STARTTLS), or `smtps://`; none: no e-mail."""
    smtp_from: str = "Shareload <shareload@localhost>"
    """Whom notices by e-mail come from."""
    notice_zone: str = "UTC"
    """The time zone (IANA) of people who named none, in which they are told what is due, and once a day."""

    administrators: tuple[str, ...] = ()
    """Employee numbers of those who hear of what administrators should know also while they are not signed in."""

    witnesses: tuple[str, ...] = ()
    """Outside, where the signed heads of all evidence logs are sent to be kept: `https://` posts, `mailto:` writes."""
    witness_every: float = 60.0
    """Seconds between looks for heads that a witness does not have yet."""

    @model_validator(mode="after")
    def refuse_what_no_notice_could_go_by(self) -> Self:
        """Refuse a mail server that is no address of one, and a time zone that does not exist."""
        given = urlsplit(self.smtp_url.get_secret_value()) if self.smtp_url else None
        if given is not None and (given.scheme not in {"smtp", "smtps"} or not given.hostname):
            raise ValueError("smtp_url must be smtp://host or smtps://host")
        try:
            ZoneInfo(self.notice_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("notice_zone must be an IANA time zone, such as Europe/Berlin") from None
        return self

    @model_validator(mode="after")
    def refuse_private_webhooks_in_production(self) -> Self:
        """Refuse to send events inside where real services stand there."""
        if self.environment is Environment.PRODUCTION and self.webhooks_also:
            raise ValueError("webhooks_also is for development and tests, not for production")
        return self

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
