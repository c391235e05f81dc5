"""Whoever keeps a copy can have it again from the one who tells: no service handles what its teller cannot re-tell."""

import pytest

from services.gateway import handlers as gateway
from services.monitoring import handlers as monitoring
from services.monitoring import retelling as monitoring_retelling
from services.policy import handlers as policy
from services.training import handlers as training
from shared.events.base import CATALOGUE
from shared.events.training import CertificateExpiredV1, CertificateIssuedV1, PersonLeftV1
from shared.snapshots import Snapshots

HANDLERS = {
    "policy": policy.handlers,
    "training": training.handlers,
    "monitoring": monitoring.handlers,
    "gateway": gateway.handlers,
}
SNAPSHOTS: dict[str, Snapshots] = {
    "policy": policy.snapshots,
    "training": training.snapshots,
    "monitoring": monitoring_retelling.snapshots,
    "gateway": gateway.snapshots,
}
PAIRS = [
    (consumer, teller, types)
    for consumer, handlers in HANDLERS.items()
    for teller, types in handlers.tellers(but=consumer).items()
]


@pytest.mark.parametrize(("consumer", "teller", "types"), PAIRS)
def test_what_a_service_handles_its_teller_tells_again(consumer: str, teller: str, types: list[str]) -> None:
    lacking = SNAPSHOTS[teller].lacking(types)
    assert lacking == [], (
        f"{consumer} handles {lacking}, and no snapshot of {teller} tells it again (or tells it by a type that "
        f"{consumer} handles): register one where {teller} has its snapshots, or leave it out with the reason"
    )


@pytest.mark.parametrize("teller", SNAPSHOTS)
def test_a_service_tells_again_only_what_it_tells_and_leaves_nothing_out_that_it_offers(teller: str) -> None:
    snapshots = SNAPSHOTS[teller]
    offered = {name for source in snapshots.sources for name in source.types | source.stands_for}
    for name in offered | snapshots.left_out.keys():
        assert CATALOGUE[name].teller() == teller
    assert not offered & snapshots.left_out.keys()
    assert all(len(reason) > 20 for reason in snapshots.left_out.values())


def test_a_type_that_another_stands_for_is_had_only_by_who_handles_that_other() -> None:
    snapshots = Snapshots()
    snapshots.of(CertificateIssuedV1, stands_for=[CertificateExpiredV1])(lambda _session, _after, _limit: [])
    issued, expired, left = CertificateIssuedV1.type, CertificateExpiredV1.type, PersonLeftV1.type
    assert snapshots.lacking([issued, expired]) == []
    assert snapshots.lacking([expired]) == [expired]
    assert snapshots.lacking([issued, left]) == [left]
    snapshots.leave_out(PersonLeftV1, because="a test")
    assert snapshots.lacking([issued, left]) == []
