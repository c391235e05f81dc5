"""How fast badges are signed, listed and drawn, and what the first of them costs a process in memory."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openvc.keys import Ed25519SigningKey
from openvc.proof.data_integrity import DataIntegrityProofSuite

from services.training.domain.badges import pictures, proofs, status_lists
from services.training.domain.badges.credentials import Facts, Issuer, Place, credential
from tests.benchmarks.table import Row, print_table

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ISSUER = Issuer("https://alderfjord.example", "Alderfjord", suspendable=True)
METHOD = f"{ISSUER.did}#key"
TIMES = 60
REVOKED = tuple(range(0, status_lists.PLACES, 131))
FIRST = """
import psutil
from sqlmodel import SQLModel
from tests.benchmarks import bench_badges as bench
before = psutil.Process().memory_info().rss
bench.proofs.sign(bench.badge(1), bench.METHOD, bench.Ed25519PrivateKey.generate(), bench.NOW)
signed = psutil.Process().memory_info().rss
bench.pictures.png(bench.pictures.svg("responder", "Responder", "Alderfjord"))
print((signed - before) / 2**20, (psutil.Process().memory_info().rss - signed) / 2**20)
"""


def badge(number: int) -> dict[str, Any]:
    """Return the n-th badge, not signed yet."""
    facts = Facts(
        "certificate", "person", "0190", "Responder", "Answers customers.", "The holder completed the course.",
        f"e{number}@x.example", NOW, NOW + timedelta(days=365),
    )  # fmt: skip
    return credential(facts, Place(f"code-{number}", "salt", 1, number), ISSUER)


def milliseconds(work: Callable[[int], object]) -> float:
    """Return what one run takes on average, after a first one that is not counted."""
    work(0)
    began = time.perf_counter()
    for number in range(1, TIMES + 1):
        work(number)
    return (time.perf_counter() - began) * 1000 / TIMES


def run() -> list[Row]:
    """Sign as we do, and as the library that judges our badges would; then lists and pictures."""
    key = Ed25519PrivateKey.generate()
    theirs = Ed25519SigningKey.generate(kid=METHOD)
    contexts = {proofs.OPEN_BADGES: proofs.context(proofs.OPEN_BADGES)}
    suite = DataIntegrityProofSuite()
    signing = milliseconds(lambda number: proofs.sign(badge(number), METHOD, key, NOW))
    library = milliseconds(
        lambda number: suite.add_proof(
            badge(number), signing_key=theirs, verification_method=METHOD, extra_contexts=contexts
        )
    )
    encoding = milliseconds(lambda _: status_lists.encode(REVOKED))
    drawing = milliseconds(lambda number: pictures.svg("responder", f"Responder {number}", "Alderfjord"))
    painting = milliseconds(lambda number: pictures.png(pictures.svg("responder", f"Responder {number}", "Alderfjord")))
    first = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True).stdout.split()
    signer, painter = float(first[0]), float(first[1])
    return [
        Row("a badge signed", library / signing, "openvc-core signing the same", ">= 1", f"{signing:.1f} ms a badge"),
        Row("a status list of 1,000 revoked", encoding / signing, "signing it", "< 1", f"{encoding:.2f} ms to encode"),
        Row("a badge's PNG", painting / 200, "200 ms", "< 1", f"{painting:.0f} ms once a tier; SVG {drawing:.1f} ms"),
        Row("memory of the first badge", (signer + painter) / 50, "50 MB", "< 1", f"{signer:.0f} MB signs, {painter:.0f} MB draws"),
    ]  # fmt: skip


if __name__ == "__main__":
    print_table(run())
