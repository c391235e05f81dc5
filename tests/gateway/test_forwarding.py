"""One door: requests reach the service that owns them, and only with the right to."""

from tests.platform import Platform


async def test_a_request_reaches_the_service_that_owns_its_path(platform: Platform) -> None:
    made = await platform.client.post("/v1/policies", json={"key": "social-media", "title": "Social media"})
    read = await platform.services["policy"].get("/v1/policies")

    assert made.status_code == 201, made.text
    assert [policy["key"] for policy in read.json()["items"]] == ["social-media"]
