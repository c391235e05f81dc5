"""Puts a chain of evidence together: asks the services for entries, proofs and documents, and packs them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from services.gateway.evidence.chains import Link, kind_of, put_in_order, same_hash, versions_named
from services.gateway.evidence.gathering import GATEWAY, Evidence
from services.gateway.forward import ServiceAway
from shared.auth import Principal
from shared.evidence import Sealer
from shared.evidence_audit import AuditEntry, AuditQuery
from shared.evidence_export import AT_ONCE, ProvedEntry, ProvedQuery
from shared.pages import decode_cursor
from shared.problems import Forbidden, NotFound

KIND = "shareload.evidence_chain.v1"
HEADS = 1000
COMMON = frozenset({"policy_version", "acknowledgement", "certificate"})
STATED = frozenset({"reply", "guidance"})
"""Kinds whose entries say themselves what they belong to, but for those from before entries did: of these we say it."""
LOOKING = frozenset({"people:read", "certificates:read", "monitoring:read", "conversations:read"})
README = """# A chain of evidence

`chain.json` lists the links, from the policy's version to the guidance. Each file in `links/` is an entry of a service's
evidence log with its path to a signed head (Merkle tree of RFC 6962); `heads/` has the heads in between, each naming
the one before. `manifest.json` has the SHA-256 of every file, signed by the gateway.

Verify it with `verify_chain.py` of Shareload's documentation, which needs only Python and the package `cryptography`,
and with the services' public keys as you have kept them: those in `keys.json` prove nothing by themselves.

    python verify_chain.py FOLDER KEYS.json

What an entry has a hash of is proved by the log: contents of versions, sections of certificates, texts of posts, replies
and guidance, receipts of checks. To which conversation a reply belongs, and to which finding guidance does, stands in
the entries themselves (`refers_to`). Where an old entry has none, a document says it: that is what the platform said when
this was made, under the manifest's signature.
"""


class NothingProved(NotFound):
    """There is nothing in the evidence about this."""


class PersonsChainSwitchedOff(Forbidden):
    """The person is in works-council mode: what they did is not gathered; that of one finding or conversation is."""


class Folder:
    """A chain of evidence about somebody or something, made for a caller."""

    def __init__(self, evidence: Evidence, caller: Principal) -> None:
        self._evidence = evidence
        self._caller = caller
        # Who looks stays who looks: the services note it in the person's access log.
        self._looking = replace(caller, scopes=caller.scopes | LOOKING)

    async def of_person(self, employee_number: str) -> list[Link]:
        """Return all links that concern a person; raises NotFound, PersonsChainSwitchedOff."""
        person = await self._read("training", f"/v1/people/{quote(employee_number, safe='')}")
        if person is None:
            raise NotFound(f"There is no person with the employee number {employee_number}.")
        if person["id"] != self._caller.person and await self._evidence.hides(person["id"]):
            raise PersonsChainSwitchedOff
        return await self._links(await self._about(person["id"]))

    async def of_subject(self, subject: str) -> list[Link]:
        """Return the links of a finding or conversation (`kind/id`) and of those whom it concerned; raises NothingProved."""
        own = await self._listed(AuditQuery(subject=subject), ["monitoring"])
        if not own:
            raise NothingProved
        entries = {entry.entry: entry for entry in own}
        persons = {entry.person for entry in own if entry.person is not None}
        for person in sorted(persons):
            entries |= {entry.entry: entry for entry in await self._about(person)}
        links = await self._links(list(entries.values()))
        return put_in_order(belonging(links, subject))

    async def _about(self, person: str) -> list[AuditEntry]:
        return await self._listed(AuditQuery(person=person), ["policy", "training", "monitoring"])

    async def _listed(self, query: AuditQuery, services: Sequence[str]) -> list[AuditEntry]:
        """Return all entries that fit and are links; raises ServiceAway where one does not answer."""
        found: list[AuditEntry] = []
        before: str | None = None
        while True:
            asked = query.model_copy(update={"before": before, "limit": AT_ONCE, "whole": True})
            page = await self._evidence.audit(self._caller, asked, services)
            if page.incomplete:
                raise ServiceAway(f"The {page.incomplete[0]} service does not answer.", retry_after=1)
            found += [item for item in page.items if kind_of(item.action) is not None]
            if page.next_cursor is None:
                return found
            before = decode_cursor(page.next_cursor)

    async def _links(self, entries: Sequence[AuditEntry]) -> list[Link]:
        links = await self._proved(entries)
        for link in links:
            link.document = await self._document(link)
        there = {link.proved.entry for link in links}
        for subject in sorted(versions_named(links)):
            versions = await self._listed(AuditQuery(subject=subject), ["policy"])
            wanted = [each for each in versions if kind_of(each.action) == "policy_version" and each.entry not in there]
            links += await self._proved(wanted)
        return put_in_order(links)

    async def _proved(self, entries: Sequence[AuditEntry]) -> list[Link]:
        links = []
        kinds = {entry.entry: kind_of(entry.action) for entry in entries}
        for service in sorted({entry.service for entry in entries}):
            ids = [entry.entry for entry in entries if entry.service == service]
            for start in range(0, len(ids), AT_ONCE):
                asked = ProvedQuery(entries=ids[start : start + AT_ONCE])
                proved: list[ProvedEntry] = await self._evidence.proved(service, self._caller, asked)
                links += [Link(service, kinds[each.entry] or "", each) for each in proved]
        return links

    async def _document(self, link: Link) -> str | None:
        """Return what an entry's hash was made of, or what the platform says of it."""
        _, _, key = link.entry["subject"].partition("/")
        if link.kind in STATED and "refers_to" in link.entry:
            return None
        match link.kind:
            case "certificate":
                read = await self._read("training", f"/v1/certificates/{key}")
                text = certificate_text(read["sections"]) if read else ""
                return text if same_hash(link, text) else None
            case "check":
                own = Principal(
                    id=f"person:{link.proved.person}", person=link.proved.person, scopes=frozenset({"self"})
                )
                read = await self._read("policy", f"/v1/checks/{key}", own)
                text = (read.get("receipt") or {}).get("body", "") if read else ""
                return text if same_hash(link, text) else None
            case "reply":
                read = await self._read("monitoring", f"/v1/replies/{key}")
                return orjson.dumps({"conversation": f"conversation/{read['conversation']}"}).decode() if read else None
            case "guidance":
                read = await self._read("monitoring", f"/v1/guidance/{key}")
                finding = read.get("finding") if read else None
                return orjson.dumps({"finding": f"finding/{finding}"}).decode() if finding else None
        return None

    async def _read(self, service: str, path: str, principal: Principal | None = None) -> dict[str, Any] | None:
        """Read a resource; None where there is none (any more)."""
        return await self._evidence.resource(service, path, principal or self._looking)

    async def pack(self, links: Sequence[Link], about: str, made_at: datetime, sealer: Sealer) -> bytes:
        """Return a chain as a zip file."""
        heads, keys = await self._heads(links)
        made = {"about": about, "made_at": made_at.isoformat(), "links": [link.name for link in links]}
        files = {
            "README.md": README.encode(),
            "chain.json": orjson.dumps(made, option=orjson.OPT_INDENT_2),
            "keys.json": orjson.dumps(keys, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS),
            **{f"links/{link.name}.json": link.encode() for link in links},
            **{f"heads/{service}.jsonl": lines for service, lines in heads.items()},
        }
        return zipped({"manifest.json": manifest_of(files, sealer), **files})

    async def _heads(self, links: Sequence[Link]) -> tuple[dict[str, bytes], dict[str, str]]:
        """Return of each service concerned its heads from the first to the last that is needed, and all keys."""
        needed: dict[str, list[int]] = {}
        for link in links:
            needed.setdefault(link.service, []).append(link.proved.head)
        lines: dict[str, bytes] = {}
        keys = {GATEWAY: self._evidence.public_key}
        for service, numbers in sorted(needed.items()):
            after, last, found = min(numbers) - 1, max(numbers), bytearray()
            while after < last:
                page = await self._evidence.heads_of(service, self._caller, after, min(last - after, HEADS))
                if page is None or not page.items:
                    raise ServiceAway(f"The {service} service does not answer.", retry_after=1)
                keys[service] = page.public_key
                after = page.items[-1].number
                for head in page.items:
                    found += orjson.dumps({"head": head.head, "signature": head.signature}) + b"\n"
            lines[service] = bytes(found)
        return lines, keys


def certificate_text(sections: object) -> str:
    """Return what the entry of a certificate is made over."""
    return json.dumps(sections, sort_keys=True)


def belonging(links: Sequence[Link], subject: str) -> list[Link]:
    """Return the links of one finding or conversation: what is common to a person's work, its own, and what goes with it."""
    own = {link.name for link in links if link.entry["subject"] == subject}
    after = {link.name for link in links if own & {each["link"] for each in link.refers_to}}
    before = {each["link"] for link in links if link.name in after and link.kind == "reply" for each in link.refers_to}
    chosen = own | after | before
    return [link for link in links if link.kind in COMMON or link.name in chosen]


def manifest_of(files: Mapping[str, bytes], sealer: Sealer) -> bytes:
    """Return the signed list of files with their SHA-256."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = orjson.dumps({"kind": KIND, "files": hashes}, option=orjson.OPT_SORT_KEYS).decode()
    signed = {"manifest": text, "signature": sealer.sign(text), "signed_by": GATEWAY}
    return orjson.dumps(signed, option=orjson.OPT_INDENT_2)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()
