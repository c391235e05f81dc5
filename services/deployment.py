"""What a deployment needs once: its secrets, and the event stream with a consumer for each service."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import nkeys

from shared.auth import make_key
from shared.bus import Bus
from shared.settings import ServiceSettings
from shared.streams import SERVICES, StreamSettings, ensure_consumer, ensure_stream

ADMIN = "admin"


class AdminSettings(ServiceSettings, env_prefix="SHARELOAD_ADMIN_"):
    """How the administrator's step reaches the broker."""


async def prepare_broker(subjects: Mapping[str, list[str]]) -> None:
    """Make the event stream, and for each service its consumer of `subjects`; running it again brings both up to date."""
    settings = AdminSettings()
    stream = StreamSettings(replicas=settings.nats_replicas)
    bus = Bus(settings, ADMIN)
    await bus.start()
    try:
        await bus.wait_connected()
        await ensure_stream(bus, stream)
        for service, wanted in subjects.items():
            if wanted:
                await ensure_consumer(bus, service, wanted, stream.replicas)
    finally:
        await bus.stop()


def write_secrets(folder: Path) -> None:
    """Make all keys of a deployment: files in `folder`/secrets, and `folder`/.env for what goes into variables.

    Raises FileExistsError when they were made before: new ones would lock everyone out.
    """
    variables = {
        "SHARELOAD_UID": str(os.getuid()),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "API_KEY": f"sl_{secrets.token_urlsafe(32)}",
    }
    for user in (ADMIN, *SERVICES):
        seed, public = make_nats_user()
        variables |= {f"NATS_{user.upper()}": public, f"NATS_{user.upper()}_SEED": seed}
    (folder / "secrets").mkdir(mode=0o700, parents=True)
    signing = make_key()
    write_new(folder / "secrets/signing-key.json", json.dumps(signing.as_dict(private=True)))
    write_new(folder / "secrets/token-keys.json", json.dumps({"keys": [signing.as_dict(private=False)]}))
    for service in SERVICES:
        write_new(folder / f"secrets/evidence-{service}.json", json.dumps(make_key().as_dict(private=True)))
    write_new(folder / "secrets/badge-key.json", json.dumps(make_key().as_dict(private=True)))
    write_new(folder / ".env", "".join(f"{name}={value}\n" for name, value in variables.items()))


def make_nats_user() -> tuple[str, str]:
    """Return the seed and the public key of a new NATS user (nkeys: https://github.com/nats-io/nkeys)."""
    seed: bytes = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode(), nkeys.from_seed(seed).public_key.decode()


def write_new(path: Path, content: str) -> None:
    """Write a file that only its owner can read, and that was not there before."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 -- with its mode
        file.write(content)
