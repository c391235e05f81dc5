"""What judges our badges: the script that readers of the guide take away, and two verifiers of others on Node.

Each is given what the platform served, and says of a badge one word: valid, forged, expired, revoked or suspended;
verifier-core also says unknown, where it cannot trust a status list.
"""

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.contracts.judges.install import FOLDER
from tests.contracts.test_documents import node

SCRIPT = Path(__file__).parents[1] / "docs" / "verify_badge.py"
EXPIRED, REVOKED, SUSPENDED = "CredentialExpired", "CredentialRevoked", "CredentialSuspended"

Badge = dict[str, Any]
Documents = Mapping[str, Any]


def script() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("verify_badge", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPTED = script()


def credential_in(content: bytes) -> Badge:
    """Return the credential in a badge's file, as the script finds it."""
    found: Badge = SCRIPTED.credential_in(content)
    return found


def judge(badges: Sequence[Badge], documents: Documents, folder: Path) -> list[tuple[str, str, str]]:
    """Return for each badge what the script, Digital Bazaar's verifier and verifier-core say."""
    file = folder / "badges.json"
    file.write_text(json.dumps({"badges": badges, "documents": documents}))
    verdicts = json.loads(node(folder, FOLDER / "badges.mjs", file))
    return [
        (by_script(badge, documents), by_digital_bazaar(verdict["digitalbazaar"], badge), by_core(verdict["core"]))
        for badge, verdict in zip(badges, verdicts, strict=True)
    ]


def by_script(badge: Badge, documents: Documents) -> str:
    """Return the word of our own script, which stands on `openvc-core`."""
    fault: str | None = SCRIPTED.fault_of(badge, lambda address: json.dumps(documents[address]))
    words = {EXPIRED: "expired", REVOKED: "revoked", SUSPENDED: "suspended"}
    return "valid" if fault is None else words.get(fault.partition(":")[0], "forged")


def by_digital_bazaar(verdict: dict[str, Any], badge: Badge) -> str:
    """Return the word of `@digitalbazaar/vc`."""
    if not verdict["verified"]:
        return "expired" if any('is after "validUntil"' in error for error in verdict["errors"]) else "forged"
    entries = badge["credentialStatus"]
    wanted = [entry["statusPurpose"] for entry in (entries if isinstance(entries, list) else [entries])]
    assert verdict["checked"] == wanted
    return {"revocation": "revoked", "suspension": "suspended"}[verdict["set"][0]] if verdict["set"] else "valid"


def by_core(verdict: dict[str, Any]) -> str:
    """Return the word of `@digitalcredentials/verifier-core`."""
    log = {step["id"]: "unknown" if "error" in step else step.get("valid") for step in verdict["log"]}
    if verdict["errors"] or not log.get("valid_signature"):
        return "forged"
    if "unknown" in log.values():
        return "unknown"
    failed = [name for name in ("revocation_status", "suspension_status", "expiration") if log.get(name) is False]
    words = {"revocation_status": "revoked", "suspension_status": "suspended", "expiration": "expired"}
    return words[failed[0]] if failed else "valid"
