"""Policies for pages that show a section of them beside something else."""

from typing import Any

from services.gateway.portal.visit import Visit, path_of


async def policies_of(visit: Visit, *keys: str) -> dict[str, dict[str, Any]]:
    """Return the policies in force with these keys, in the reader's language where there is one."""
    wanted = sorted(set(keys))
    theirs = await visit.api.together(*(f"{path_of('policies', key)}?locale={visit.words.language}" for key in wanted))
    found = dict(zip(wanted, theirs, strict=True))
    lacking = [key for key, policy in found.items() if policy is None]
    found |= zip(lacking, await visit.api.together(*(path_of("policies", key) for key in lacking)), strict=True)
    return {key: policy for key, policy in found.items() if policy is not None}


def section_of(policy: dict[str, Any] | None, section: str) -> dict[str, Any] | None:
    """Return a section of a policy, if it is there."""
    return next((each for each in policy["sections"] if each["id"] == section), None) if policy else None
