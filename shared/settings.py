"""What each service is told by its environment; the same names everywhere, with the service's own prefix first."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from shared.clock import Clock, FileClock, SystemClock
from shared.engines import Timeouts


class Environment(StrEnum):
    """Where the platform runs; `production` refuses whatever is only for trying out."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class SharedSettings(BaseSettings):
    """What all services are told alike, as `SHARELOAD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SHARELOAD_", extra="ignore")

    environment: Environment = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    data_dir: Path = Path(".data")
    nats_url: str = "nats://127.0.0.1:4222"
    nats_replicas: int = 1
    nats_manage_streams: bool = True
    """Make the stream and the consumer at start; in production an administrator's step does it."""
    token_keys: Path | None = None
    """The gateway's public keys as a JWK set, by which services know its caller token."""
    clock_file: Path | None = None
    log_format: str = "console"
    log_level: str = "info"
    otlp_endpoint: str | None = None
    drain: float = 0
    """Seconds for which a process that shall end still takes requests, while `/readyz` says that it is unready."""
    fault: str | None = None
    """Where this process shall die, for fault tests: see `tests/faults/`."""

    @model_validator(mode="after")
    def refuse_test_switches_in_production(self) -> Self:
        """Refuse a moved clock and an injected fault where real people work."""
        if self.environment is Environment.PRODUCTION and (self.clock_file or self.fault):
            raise ValueError("clock_file and fault are for tests, not for production")
        return self

    @property
    def clock(self) -> Clock:
        """The machine's clock, or the one that a test moves through a file."""
        return FileClock(self.clock_file) if self.clock_file else SystemClock()


class ServiceSettings(SharedSettings):
    """What one service is told, as `SHARELOAD_<SERVICE>_<NAME>`, or for all alike as `SHARELOAD_<NAME>`.

    A service's subclass sets `model_config = SettingsConfigDict(env_prefix="SHARELOAD_<SERVICE>_")`.
    """

    port: int = 0
    database_url: str = ""
    statement_timeout: float = 25
    """PostgreSQL: seconds after which a statement is given up, and its request answered 503; 0: never."""
    lock_timeout: float = 10
    """The same for a statement that waits for what another one holds."""
    nats_seed: SecretStr | None = None
    """The seed of this service's NATS user (nkey); none in development."""
    evidence_key: Path | None = None
    """The Ed25519 private key (a JWK file) that signs the evidence log; made in the data folder where none is given."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the environment is the one source
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the service's own variables first, then those for all services."""
        for_all = EnvSettingsSource(settings_cls, env_prefix="SHARELOAD_")
        return init_settings, env_settings, for_all

    @property
    def timeouts(self) -> Timeouts:
        """How long the database may take."""
        return Timeouts(self.statement_timeout, self.lock_timeout)

    def database_for(self, service: str) -> str:
        """The URL of this service's database: as set, else an SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / f'{service}.db'}"
