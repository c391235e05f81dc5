"""What every database and the stream hold when all is calm, read directly, and whether they agree.

Copies are compared as sorted lists, so that something that is there twice is seen as well as something that is missing.
"""

import asyncio
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import Engine, Select, create_engine, func, select
from sqlalchemy.orm import Session

from services import SERVICES
from services.gateway import tables as gateway
from services.monitoring import tables as monitoring
from services.policy import tables as policy
from services.training import tables as training
from shared.evidence import Sealer
from shared.evidence_chain import verify_log
from shared.tables import dead_letters, evidence_entries, inbox, outbox
from tests.faults.processes import LOOK, Fleet, read_stream

METADATA = {
    "policy": policy.metadata,
    "training": training.metadata,
    "monitoring": monitoring.metadata,
    "gateway": gateway.metadata,
}

COUNTED_BY = ("hour", "network", "kind", "section", "rule")
"""What tells tallies apart here, where all posts are of one department and all rules of one policy."""


class Copies:
    """Opens all databases for reading; used as a context so that they are closed."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._engines: dict[str, Engine] = {name: create_engine(url) for name, url in fleet.database_urls.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines.values():
            engine.dispose()

    def rows(self, service: str, query: Select[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a query, sorted."""
        with self._engines[service].connect() as connection:
            return sorted(tuple(row) for row in connection.execute(query))

    def column(self, service: str, query: Select[Any]) -> list[Any]:
        """Return the first column of a query, sorted."""
        return [row[0] for row in self.rows(service, query)]

    def people(self) -> dict[str, str]:
        """Return employee numbers and ids; all four services must have the same."""
        tables = {name: metadata.tables["people"] for name, metadata in METADATA.items()}
        of = {name: self.rows(name, select(table.c.employee_number, table.c.id)) for name, table in tables.items()}
        assert of["policy"] == of["monitoring"] == of["gateway"] == of["training"]
        assert len(dict(of["training"])) == len(of["training"])
        return dict(of["training"])

    def posts(self) -> dict[str, str]:
        """Return the network's and our ids of all posts; the hourly counts must add up to them."""
        posts, tallies = (METADATA["monitoring"].tables[name] for name in ("posts", "tallies"))
        kept = self.rows("monitoring", select(posts.c.network_id, posts.c.id))
        whole = (tallies.c.section == "") & (tallies.c.rule == "")
        assert self.column("monitoring", select(func.sum(tallies.c.posts)).where(whole)) == [len(kept)]
        assert len(dict(kept)) == len(kept)
        return dict(kept)

    def tallies(self) -> list[tuple[Any, ...]]:
        """Return how many posts and findings are counted, by hour, network, kind, section and rule."""
        tallies = METADATA["monitoring"].tables["tallies"]
        return self.rows(
            "monitoring", select(*(tallies.c[name] for name in COUNTED_BY), tallies.c.posts, tallies.c.findings)
        )

    def recounted(self) -> list[tuple[Any, ...]]:
        """Count the posts and findings that are there as `tallies` should have counted them."""
        posts, findings = (METADATA["monitoring"].tables[name] for name in ("posts", "findings"))
        where: dict[str, tuple[Any, ...]] = {}
        counted: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        for post, at, network, kind in self.rows(
            "monitoring", select(posts.c.id, posts.c.posted_at, posts.c.network, posts.c.kind)
        ):
            where[post] = (at.replace(minute=0, second=0, microsecond=0), network, kind)
            counted[(*where[post], "", "")][0] += 1
        sections = set()
        for post, section, rule in self.rows(
            "monitoring", select(findings.c.post, findings.c.section, findings.c.rule)
        ):
            tally = counted[(*where[post], section, rule)]
            tally[0], tally[1] = tally[0] + 1, tally[1] + 1
            if (post, section) not in sections:
                sections.add((post, section))
                counted[(*where[post], section, "")][0] += 1
        return sorted((*key, *each) for key, each in counted.items())

    def findings(self) -> list[str]:
        """Return the network's ids of the posts that have a finding, as often as they have one."""
        posts, findings = (METADATA["monitoring"].tables[name] for name in ("posts", "findings"))
        return self.column("monitoring", select(posts.c.network_id).join(findings, findings.c.post == posts.c.id))

    def acknowledgements(self) -> dict[str, str]:
        """Return person and id of each acknowledgement; training must have a copy of each."""
        own, copy = (METADATA[name].tables["acknowledgements"] for name in ("policy", "training"))
        kept = self.rows("policy", select(own.c.person, own.c.id))
        assert self.column("training", select(copy.c.person)) == [person for person, _ in kept]
        return dict(kept)

    def certificates(self) -> list[str]:
        """Return who holds a certificate, as often as they do; monitoring and policy must have a copy of each."""
        own = METADATA["training"].tables["certificates"]
        kept = self.rows("training", select(own.c.id, own.c.person))
        for name in ("monitoring", "policy"):
            copy = METADATA[name].tables["certificates"]
            assert self.rows(name, select(copy.c.id, copy.c.person)) == kept
        changes = METADATA["training"].tables["certificate_changes"]
        issued = select(changes.c.certificate).where(changes.c.change == "issued")
        assert self.column("training", issued) == [certificate for certificate, _ in kept]
        return sorted(person for _, person in kept)

    def accounts(self) -> list[tuple[Any, ...]]:
        """Return the accounts that are registered, and whose they are; policy must have a copy of each, and no other."""
        own, copy = (METADATA[name].tables["accounts"] for name in ("monitoring", "policy"))
        kept = self.rows("monitoring", select(own.c.id, own.c.person))
        assert self.rows("policy", select(copy.c.id, copy.c.person)) == kept
        return kept

    def conversations(self) -> list[str]:
        """Return the ids of all conversations; policy must have counted each once."""
        own, copy = (METADATA[name].tables["conversations"] for name in ("monitoring", "policy"))
        kept = self.column("monitoring", select(own.c.id))
        assert self.column("policy", select(copy.c.id)) == kept
        return kept

    def completions(self) -> list[str]:
        """Return who completed the course, as often as they did."""
        return self.column("training", select(METADATA["training"].tables["completions"].c.person))

    def rules(self) -> list[tuple[Any, ...]]:
        """Return policy and version in force; training and monitoring must have a copy of it, monitoring of its rule."""
        policies, versions = (METADATA["policy"].tables[name] for name in ("policies", "versions"))
        joined = policies.join(versions, versions.c.policy_id == policies.c.id)
        published = select(policies.c.key, versions.c.number).select_from(joined).where(versions.c.state == "published")
        kept = self.rows("policy", published)
        of_training = METADATA["training"].tables["policy_versions"]
        of_monitoring, rules = (METADATA["monitoring"].tables[name] for name in ("policies_in_force", "policy_rules"))
        assert self.rows("training", select(of_training.c.policy, of_training.c.version)) == kept
        assert self.rows("monitoring", select(of_monitoring.c.policy, of_monitoring.c.version)) == kept
        assert self.rows("monitoring", select(rules.c.policy, rules.c.version)) == kept
        return kept

    def attempts(self) -> list[str]:
        """Return the ids of all sittings that were handed in."""
        attempts = METADATA["training"].tables["attempts"]
        return self.column("training", select(attempts.c.id).where(attempts.c.submitted_at.is_not(None)))

    def keys(self) -> set[str]:
        """Return the ids of all API keys."""
        return set(self.column("gateway", select(METADATA["gateway"].tables["api_keys"].c.id)))

    def check_told(self) -> None:
        """Check that the public log tells of each row once, and of nothing else."""
        told_of = {
            "training.course.completed.v1": ("training", "completions"),
            "training.certificate.issued.v1": ("training", "certificates"),
            "policy.acknowledgement.recorded.v1": ("policy", "acknowledgements"),
            "monitoring.post.received.v1": ("monitoring", "posts"),
            "monitoring.finding.opened.v1": ("monitoring", "findings"),
        }
        for event_type, (service, table) in told_of.items():
            rows = self.column(service, select(METADATA[service].tables[table].c.id))
            assert self.told(event_type) == rows, event_type

    def told(self, event_type: str) -> list[str]:
        """Return what the public log's events of a type are about, as often as they are there."""
        query = select(gateway.event_log.c.subject).where(gateway.event_log.c.type == event_type)
        return sorted(subject.partition("/")[2] for subject in self.column("gateway", query))

    def published(self) -> dict[str, bytes]:
        """Return id and body of every event in the outboxes, all of which must be known to be published."""
        published: dict[str, bytes] = {}
        for name in SERVICES:
            rows = self.rows(name, select(outbox.c.id, outbox.c.body, outbox.c.published_at.is_(None)))
            assert not [event for event, _, waiting in rows if waiting]
            published |= {event: bytes(body) for event, body, _ in rows}
        return published

    async def check_events(self, within: float = 10) -> int:
        """Check that stream, public log and inboxes have exactly what was told; return the repeats on the stream.

        The services go on while this reads one store after the other, and their timers tell things: what is under way
        arrives, so all is read again for a while; what was lost or done twice stays so.
        """
        end = time.monotonic() + within
        while True:
            try:
                return await self._compare_events()
            except AssertionError:
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(LOOK)

    async def _compare_events(self) -> int:
        told = self.published()
        stream = await read_stream(self._fleet.broker.url)
        assert dict(stream) == told
        assert self.column("gateway", select(gateway.event_log.c.event_id)) == sorted(told)
        types = {event: orjson.loads(body)["type"] for event, body in told.items()}
        for name, handled in handled_types().items():
            expected = sorted(
                event for event, event_type in types.items() if event_type in handled or name == "gateway"
            )
            assert self.column(name, select(inbox.c.event_id)) == expected
        for name in SERVICES:
            assert self.rows(name, select(dead_letters.c.event_id, dead_letters.c.reason)) == []
        return len(stream) - len(told)

    def all_sealed(self) -> bool:
        """Say whether every entry of the evidence logs has its head."""
        unsealed = select(evidence_entries.c.id).where(evidence_entries.c.head.is_(None))
        return not any(self.column(name, unsealed) for name in SERVICES)

    def check_evidence(self) -> None:
        """Check that every chain of heads in the evidence logs is whole and signed."""
        for name in SERVICES:
            key = Sealer(name, Path(self._fleet.folder) / f"evidence-{name}.json").public_key()
            with Session(self._engines[name]) as session:
                assert verify_log(session, name, key) is None


def handled_types() -> dict[str, set[str]]:
    """Return which types of events each service handles."""
    from services.gateway.handlers import handlers as of_gateway
    from services.monitoring.handlers import handlers as of_monitoring
    from services.policy.handlers import handlers as of_policy
    from services.training.handlers import handlers as of_training

    registered = {"policy": of_policy, "training": of_training, "monitoring": of_monitoring, "gateway": of_gateway}
    return {name: set(handlers.by_type) for name, handlers in registered.items()}
