"""A source as it would be read, while somebody still writes it: nothing of it is kept."""

from tests.policy.conftest import PolicyService

SOURCE = """---
title: Social media
---
# Conduct {#conduct}
We are kind. You must not:

- speak to the media without prior approval.

# Checks {#checks}

```rule
id: no-bar
severity: hold
detect: {words: [bar]}
message: No.
suggestion: Baz.
examples: {match: ["bar"], pass: ["a bar"]}
```
"""


async def test_a_preview_shows_sections_examples_and_clauses_at_their_lines_and_keeps_nothing(
    service: PolicyService,
) -> None:
    path = "/v1/policies/social-media"
    await service.client.post("/v1/policies", json={"key": "social-media", "title": "Social media policy"})
    seen = (await service.client.post(f"{path}/previews", json={"source": SOURCE})).json()

    lines = SOURCE.split("\n")
    assert {place["section"]: lines[place["line"] - 1] for place in seen["places"]} == {
        "conduct": "# Conduct {#conduct}",
        "checks": "# Checks {#checks}",
    }
    assert [(problem["rule"], problem["example"]) for problem in seen["content"]["problems"]] == [("no-bar", "a bar")]
    about = {found["finding"]["rule"]: lines[found["line"] - 1] for found in seen["findings"] if found["line"]}
    assert about["us-media-contact"] == "- speak to the media without prior approval."

    wrong = await service.client.post(f"{path}/previews", json={"source": "# A {#a}\n# B {#a}"})
    assert (wrong.status_code, wrong.json()["errors"][0]["detail"].split(":")[0]) == (422, "Line 2")
    nowhere = await service.client.post("/v1/policies/nothing/previews", json={"source": SOURCE})
    assert nowhere.status_code == 404
    assert (await service.client.get(f"{path}/versions")).json()["items"] == []
