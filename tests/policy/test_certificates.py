"""The copy of certificates: who holds which certification now, as the clock goes."""

from datetime import timedelta

from services.policy.domain import certificates
from services.policy.handlers import keep_certificate
from shared.db import Session
from shared.events.training import CertificateIssuedV1, CertificateRevokedV1
from shared.ids import new_id
from tests.policy.conftest import PolicyService


def issued(service: PolicyService, number: str, *, days: int = 30, replaces: str | None = None) -> CertificateIssuedV1:
    now = service.clock.now()
    return CertificateIssuedV1(
        id=new_id(),
        person=service.people[number],
        certification="responder",
        status="valid",
        issued_at=now,
        expires_at=now + timedelta(days=days),
        expiring_from=now,
        grace_until=now + timedelta(days=days),
        replaces=replaces,
    )


async def holders(service: PolicyService) -> list[str]:
    def read(session: Session) -> list[str]:
        return [person.employee_number for person in certificates.holders(session, "responder")]

    return await service.app.state.db.read(read)  # type: ignore[no-any-return]


async def test_a_certification_is_held_until_it_ends_is_revoked_or_its_holder_leaves(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    short, long, third = issued(service, "E-1", days=1), issued(service, "E-2"), issued(service, "E-3")
    for event in (short, long, third, short):
        await service.app.state.db.write(lambda session, event=event: keep_certificate(event, session))
    assert await holders(service) == ["E-1", "E-2", "E-3"]

    revoked = CertificateRevokedV1(**{**long.model_dump(), "status": "revoked"})
    await service.app.state.db.write(lambda session: keep_certificate(revoked, session))
    await service.hear_of("E-3", active=False)
    assert await holders(service) == ["E-1"]

    service.clock.advance(timedelta(days=1))
    assert await holders(service) == []


async def test_a_replaced_certificate_counts_no_more(service: PolicyService) -> None:
    old = issued(service, "E-1")
    new = issued(service, "E-1", replaces=old.id)
    revoked = CertificateRevokedV1(**{**new.model_dump(), "status": "revoked"})
    for event in (old, new, revoked):
        await service.app.state.db.write(lambda session, event=event: keep_certificate(event, session))
    assert await holders(service) == []
