"""A quarter of an hour with the demonstration, in one go: what people and their systems ask of each part once or more."""

from collections.abc import Iterator

import httpx

from tests.journeys.running import Running, wait_until

POLICY = "/v1/policies/social-media"
COURSE = "/v1/courses/social-principles"
PAGES = ("/", "/embed/policies/social-media", f"{POLICY}", f"{POLICY}/versions/1/lint")
READ = (
    "people",
    "courses",
    "certifications",
    "certificates",
    "certificate-changes",
    "certificates.csv",
    "findings",
    "conversations",
    "posts",
    "summary",
    "accounts",
    "task-team/seats",
    "task-team/questions",
    "acknowledgement-campaigns",
    "export-schedules",
)
SCIM = ("ServiceProviderConfig", "ResourceTypes", "Schemas", "Users", "Groups")
QUESTIONS = (
    "\n\n".join(
        f"::bench-{number}:: Within how many hours do we answer customer {number}? {{=24 ~48 ~72}}"
        for number in range(50)
    )
    + "\n"
)
DRAFTS = (
    "Ich arbeite bei Alderfjord und finde unser neues Produkt richtig gut, fragt mich gern. #AlderfjordTeam",
    "Our new range cures everything, ask ana@example.com or call +44 20 7946 0958 for the secret price list!",
    "Hoy hemos abierto la tienda nueva, venid a vernos cuando queráis.",
)
ROUNDS = 20


def use(running: Running) -> None:
    """Go through all of it; raises HTTPStatusError when something is refused, as nothing was used then."""
    with running.client() as client:
        for answer in asked(client):
            answer.raise_for_status()
        try_rules(client)
        sign_in(client, running)


def asked(client: httpx.Client) -> Iterator[httpx.Response]:
    """Ask each part for what it has."""
    for turn in range(ROUNDS):
        for path in (*PAGES, *(f"/v1/{name}" for name in READ)):
            yield client.get(path, follow_redirects=True)
        for draft in DRAFTS:
            yield client.post("/v1/checks", json={"text": f"{draft} {turn}", "network": "mastodon"})
    for name in SCIM:
        yield client.get(f"/scim/v2/{name}")
    held = client.get("/v1/certificates", params={"status": "valid", "limit": 5}).json()["items"]
    for certificate in held:
        for form in ("json", "png", "svg"):
            yield client.get(f"/v1/certificates/{certificate['id']}/badge.{form}")
    yield client.post(
        f"{COURSE}/question-imports?format=gift", content=QUESTIONS, headers={"Content-Type": "text/plain"}
    )
    for ending in ("gift", "xml"):
        yield client.get(f"{COURSE}/questions.{ending}")


def try_rules(client: httpx.Client) -> None:
    """Try the rules of the policy on all posts of the year."""
    begun = client.post(f"{POLICY}/versions/1/backtests", json={})
    begun.raise_for_status()
    wait_until(lambda: client.get(f"/v1/backtests/{begun.json()['id']}").json()["state"] == "done")


def sign_in(client: httpx.Client, running: Running) -> None:
    """Look at the pages as a lead does."""
    login = running.told()["logins"]["lead"]
    with httpx.Client(base_url=client.base_url, timeout=30, follow_redirects=True) as browser:
        browser.post("/sign-in", data=login, headers={"Origin": running.told()["url"]}).raise_for_status()
        for _ in range(ROUNDS):
            browser.get("/").raise_for_status()
