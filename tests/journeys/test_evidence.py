"""A chain of evidence, taken along and verified by a script that knows nothing of the platform."""

import asyncio
import importlib.util
import json
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journeys.test_erasure import MARK, NUMBER, live
from tests.journeys.test_the_loop import POLICY, import_people, ok, publish
from tests.platform import Platform

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_chain.py"


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("verify_chain", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def taken(platform: Platform, folder: Path, **query: str) -> Path:
    """Export a chain and unpack it."""
    answer = await platform.client.get("/v1/audit/chains", params=query)
    assert answer.status_code == 200, answer.text
    packed = folder.with_suffix(".zip")
    packed.write_bytes(answer.content)
    with ZipFile(packed) as archive:
        archive.extractall(folder)
    return folder


def kinds(links: list[dict[str, Any]]) -> list[str]:
    """Return the kinds of links, each once, in their order."""
    return list(dict.fromkeys(link["kind"] for link in links))


def references(links: list[dict[str, Any]]) -> set[str]:
    """Return by what links refer to each other."""
    return {each["by"] for link in links for each in link["refers_to"]}


async def live_and_check(platform: Platform) -> None:
    """Let a person do all that makes a chain, and have a reply checked before it is sent."""
    await import_people(platform)
    await publish(platform, POLICY)
    await live(platform)
    me = await platform.as_person(NUMBER)
    draft = {"text": f"We look into it. Yours, {MARK}", "network": "mastodon", "kind": "reply", "keep": True}
    await ok(await me.post("/v1/checks", json=draft))
    await platform.advance(timedelta(seconds=1))


async def test_a_chain_from_policy_to_guidance_verifies_without_the_platform_and_one_flipped_byte_is_named(
    platform: Platform, tmp_path: Path, verifier: ModuleType
) -> None:
    await live_and_check(platform)
    folder = await taken(platform, tmp_path / "chain", person=NUMBER)
    keys = {
        name: running.app.state.sealer.public_key().public_bytes_raw().hex()
        for name, running in platform.running.items()
    }
    (tmp_path / "keys.json").write_text(json.dumps(keys))

    links = verifier.verify(folder, keys)
    assert kinds(links) == [
        "policy_version", "acknowledgement", "check", "certificate", "assignment", "reply", "finding", "guidance"
    ]  # fmt: skip
    assert references(links) == {"content", "sections", "person", "conversation", "text", "finding"}
    tied = [link for link in links if link["kind"] in {"reply", "guidance", "assignment"}]
    assert all(json.loads(link["entry"])["refers_to"] for link in tied), "the log itself says what belongs together"
    assert all(link["document"] is None for link in tied)
    assert not any(f" {MARK}" in path.read_text() for path in folder.rglob("*.json*")), (
        "texts are there by their hashes"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", SCRIPT, folder, tmp_path / "keys.json", stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate())[0].decode()
    assert (process.returncode, said.startswith(f"Valid: {len(links)} links.")) == (0, True), said

    await asyncio.to_thread(flip_bytes, verifier, folder, keys)
    await see_parts(platform, tmp_path, verifier, keys)
    with pytest.raises(verifier.Fault, match="the gateway's key is not the one"):
        verifier.verify(folder, keys | {"gateway": keys["policy"]})
    with pytest.raises(verifier.Fault, match=r"heads/training\.jsonl: head \d+ is not signed by the key"):
        verifier.verify(folder, keys | {"training": keys["policy"]})


def flip_bytes(verifier: ModuleType, folder: Path, keys: dict[str, str]) -> None:
    """Flip single bits anywhere, and see that the file is named."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())

    @settings(max_examples=60, database=None)
    @given(st.sampled_from(files), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
    def flipped(path: Path, where: float, bit: int) -> None:
        whole = path.read_bytes()
        content = bytearray(whole)
        content[int(where * len(content))] ^= 1 << bit
        path.write_bytes(content)
        try:
            with pytest.raises(verifier.Fault) as fault:
                verifier.verify(folder, keys)
        finally:
            path.write_bytes(whole)
        assert str(fault.value).startswith(str(path.relative_to(folder)))

    flipped()
    assert verifier.verify(folder, keys)


async def see_parts(platform: Platform, folder: Path, verifier: ModuleType, keys: dict[str, str]) -> None:
    """See that a finding and a conversation have chains of their own, and who took which is noted."""
    common = ["policy_version", "acknowledgement"]
    [finding] = (await ok(await platform.client.get("/v1/findings")))["items"]
    [conversation] = (await ok(await platform.client.get("/v1/conversations")))["items"]
    of_finding = verifier.verify(await taken(platform, folder / "finding", finding=finding["id"]), keys)
    assert kinds(of_finding) == [*common, "certificate", "finding", "guidance"]
    of_talk = verifier.verify(await taken(platform, folder / "talk", conversation=conversation["id"]), keys)
    assert kinds(of_talk) == [*common, "check", "certificate", "assignment", "reply"]

    for query, status in (({"finding": "nothing"}, 404), ({"person": "E-0"}, 404), ({}, 422),
                          ({"person": "E-1", "finding": "x"}, 422)):  # fmt: skip
        assert (await platform.client.get("/v1/audit/chains", params=query)).status_code == status
    exported = (await platform.client.get("/v1/audit", params={"action": "audit.chain_exported"})).json()["items"]
    talk, found, person = exported
    assert (talk["subject"], found["subject"]) == (f"conversation/{conversation['id']}", f"finding/{finding['id']}")
    assert person["subject"] == f"person/{person['person']}"


def test_what_an_entry_names_counts_more_than_what_is_said_of_it_and_old_entries_are_believed_what_is(
    verifier: ModuleType,
) -> None:
    def link(subject: str, *refers_to: str, stated: str | None = None) -> dict[str, Any]:
        entry = {"subject": subject} | ({"refers_to": refers_to} if refers_to else {})
        document = json.dumps({"conversation": stated}) if stated else None
        return {"entry": json.dumps(entry), "document": document}

    def holds(reply: dict[str, Any], assignment: dict[str, Any]) -> bool:
        found: bool = verifier.holds("conversation", reply, assignment)
        return found

    first, second = (link("conversation/c", f"assignment/{name}") for name in ("a", "b"))
    old = link("conversation/c")
    reply = link("reply/r", "conversation/c", "assignment/a", stated="conversation/d")
    assert [holds(reply, other) for other in (first, second, old)] == [True, False, True]
    assert not holds(reply, link("conversation/d", "assignment/a")), "whatever is stated beside it"
    before = link("reply/r", stated="conversation/c")
    assert [holds(before, other) for other in (first, old, link("conversation/d"))] == [True, True, False]
