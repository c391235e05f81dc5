"""The key by which services know the gateway is replaced without an outage: for a while they take two."""

from pathlib import Path

import orjson
import pytest
from joserfc.jwk import OKPKey

from shared.auth import TokenSigner, TokenVerifier, make_key
from shared.context import Principal
from shared.problems import Unauthorized

ASKING = Principal(id="key:1", scopes=frozenset({"people:read"}))


def publish(file: Path, *keys: OKPKey) -> TokenVerifier:
    """Write what the services are given, and return a service that was started with it."""
    file.write_bytes(orjson.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return TokenVerifier(file, "training")


def test_a_service_takes_both_keys_while_one_replaces_the_other_and_then_the_old_one_no_more(tmp_path: Path) -> None:
    keys = [make_key(), make_key()]
    tokens = []
    for number, key in enumerate(keys):
        (tmp_path / f"{number}.json").write_bytes(orjson.dumps(key.as_dict(private=True)))
        tokens.append(TokenSigner(tmp_path / f"{number}.json").token(ASKING, "training"))
    old, new = tokens

    file = tmp_path / "token-keys.json"
    before, during, after = publish(file, keys[0]), publish(file, *keys), publish(file, keys[1])
    assert before.principal(old) == during.principal(old) == during.principal(new) == after.principal(new) == ASKING
    for verifier, token in ((before, new), (after, old)):
        with pytest.raises(Unauthorized):
            verifier.principal(token)
