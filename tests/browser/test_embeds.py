"""A policy on pages of other sites, in a browser: frames, sandboxes, and parts of the page itself."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Frame, Page, expect

from tests.browser.hosts import Hosts, browsing, faults, gateway_of, serving
from tests.browser.test_dashboard import sign_in
from tests.gateway.story import POLICY, add_people, client_with, publish
from tests.gateway.test_badges import issue
from tests.platform import Platform

ENGLISH = POLICY.replace("locale: de", "locale: en")
RULE = """
```rule
id: no-guarantee
severity: block
detect:
  words: ["guarantee", "guaranteed"]
message: We do not guarantee delivery dates.
suggestion: Say what is planned.
examples:
  match: ["Delivery on Friday is guaranteed."]
  pass: ["Delivery is planned for Friday."]
```
"""
PAGE = '<!doctype html><html lang="en"><head><title>Intranet</title>{head}</head><body><main><h1>Intranet</h1>{body}</main></body></html>'
LISTENER = """<script>
addEventListener("message", ({ source, data }) => {
  for (const frame of document.querySelectorAll("iframe[data-secret]")) {
    if (frame.contentWindow === source && data.message === "height" && data.secret === frame.dataset.secret) {
      frame.height = Math.min(1000, Math.max(200, data.value));
    }
  }
});
</script>"""


@pytest.fixture(autouse=True)
async def hosts(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hosts]:
    """Other sites, of which the operator let one in."""
    async with serving() as hosts:
        monkeypatch.setenv("SHARELOAD_GATEWAY_FRAME_ANCESTORS", f'["{hosts.origin()}"]')
        monkeypatch.setenv("SHARELOAD_GATEWAY_CORS_ORIGINS", f'["{hosts.origin()}"]')
        yield hosts


@pytest.fixture
def anyone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator who lets anyone read the policy."""
    monkeypatch.setenv("SHARELOAD_GATEWAY_PUBLIC_POLICIES", '["social-media"]')


@pytest.fixture
async def everywhere() -> AsyncIterator[Browser]:
    """A browser for which the intranet and the gateway are two sites."""
    async with browsing() as browser:
        yield browser


async def in_force(platform: Platform, source: str = ENGLISH) -> None:
    await add_people(platform, 2)
    await platform.settle()
    await publish(platform, source)
    await platform.settle()


async def token_for(platform: Platform, **body: str) -> str:
    backend = await client_with(platform, "policies:read", "policies:write")
    answer = await backend.post("/v1/embed-tokens", json={"policy": "social-media", **body})
    return str(answer.json()["token"])


def module(platform: Platform, script: str = "") -> str:
    address = f"{gateway_of(platform)}/components/shareload.js"
    return f'<script type="module">import * as shareload from "{address}"; {script}</script>'


async def framed(page: Page) -> Frame:
    """Return the frame of a page that has one."""
    handle = await page.locator("iframe").element_handle()
    frame = await handle.content_frame() if handle else None
    assert frame is not None
    return frame


async def test_a_site_that_was_let_in_frames_the_policy_at_its_full_height_and_another_sees_nothing(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform, ENGLISH + "\n\n".join(["One more sentence."] * 40))
    token = await token_for(platform)
    frame = f'<iframe title="Policy" src="{gateway_of(platform)}/embed/policies/social-media#token={token}"></iframe>'
    hosts.pages["/"] = PAGE.format(head=module(platform), body=frame)
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_role("heading", name="Answering customers")).to_be_visible()
    await page.wait_for_function("document.querySelector('iframe').getBoundingClientRect().height > 900")
    shown = await framed(page)
    assert token not in await shown.evaluate("location.href"), "nothing that the page shows later leads back to it"
    sizes = await shown.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert sizes[0] <= sizes[1], "no bar to scroll within the frame"

    await publish(platform, ENGLISH.replace("24 hours", "2 hours"))
    await shown.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(inside.get_by_text("within 2 hours")).to_be_visible()

    await page.goto(hosts.origin("elsewhere"))
    await page.wait_for_load_state("networkidle")
    blocked = await framed(page)
    assert blocked.url.startswith("chrome-error:")


@pytest.mark.usefixtures("anyone")
async def test_a_frame_in_a_sandbox_shows_the_policy_as_wordpress_would(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform, ENGLISH + "\n\n".join(["One more sentence."] * 20))
    address = f"{platform.running['gateway'].url}/embed/policies/social-media"
    described = (await (await platform.client_for()).get("/oembed", params={"url": address})).json()["html"]
    source = described.split('src="')[1].split('"')[0].replace(platform.running["gateway"].url, gateway_of(platform))
    frame = f'<iframe title="Policy" sandbox="allow-scripts" security="restricted" height="300" src="{source}#?secret=aB3" data-secret="aB3"></iframe>'
    hosts.pages["/"] = PAGE.format(head=LISTENER, body=frame)
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_role("heading", name="Answering customers")).to_be_visible()
    await page.wait_for_function("document.querySelector('iframe').height > 400")
    assert await (await framed(page)).evaluate("window.origin") == "null"
    await expect(inside.get_by_role("button")).to_have_count(0)


async def test_a_sandboxed_frame_is_given_its_token_by_message_and_dressed_in_the_sites_colours(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform)
    token = await token_for(platform)
    script = f"""const frame = document.querySelector("iframe");
      shareload.giveToken(frame, async () => "{token}");
      frame.src = "{gateway_of(platform)}/embed/policies/social-media";
      frame.onload = () => frame.contentWindow.postMessage(
        {{ shareload: "style", variables: {{ "--shareload-ink": "rgb(1, 2, 3)", "--other": "x" }} }}, "*");"""
    hosts.pages["/"] = PAGE.format(
        head="", body='<iframe title="Policy" sandbox="allow-scripts"></iframe>' + module(platform, script)
    )
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_role("heading", name="Answering customers")).to_be_visible()
    await expect(inside.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")


async def test_a_script_that_comes_after_its_frames_still_gives_them_height_and_token(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform, ENGLISH + "\n\n".join(["One more sentence."] * 40))
    token = await token_for(platform)
    frame = f'<iframe title="Policy" src="{gateway_of(platform)}/embed/policies/social-media"></iframe>'
    hosts.pages["/"] = PAGE.format(head="", body=frame)
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_text("This policy is for members")).to_be_visible()
    address = f"{gateway_of(platform)}/components/shareload.js"
    await page.evaluate(
        "async ([address, token]) => (await import(address)).giveToken(document.querySelector('iframe'), async () => token)",
        [address, token],
    )
    await expect(inside.get_by_role("heading", name="Answering customers")).to_be_visible()
    await page.wait_for_function("document.querySelector('iframe').getBoundingClientRect().height > 900")

    await page.reload()
    await expect(inside.get_by_text("This policy is for members")).to_be_visible()
    before = await page.evaluate("document.querySelector('iframe').getBoundingClientRect().height")
    await page.evaluate("async (address) => { await import(address) }", address)
    await page.wait_for_function(
        "before => document.querySelector('iframe').getBoundingClientRect().height !== before", arg=before
    )


async def test_who_reads_a_frame_signs_in_in_a_window_and_accepts_in_place(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform)
    await platform.as_person("E-1")
    frame = f'<iframe title="Policy" src="{gateway_of(platform)}/embed/policies/social-media"></iframe>'
    script = 'addEventListener("shareload-acknowledged", ({ detail }) => { document.title = `${detail.version}`; });'
    hosts.pages["/"] = PAGE.format(head=module(platform, script), body=frame)
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_text("This policy is for members")).to_be_visible()
    async with page.expect_popup() as opened:
        await inside.get_by_role("button", name="Sign in").click()
    window = await opened.value
    await window.get_by_label("User name").fill("E-1")
    await window.get_by_label("Password").fill("pass-E-1")
    await window.get_by_role("button", name="Sign in").click()
    await expect(inside.get_by_role("heading", name="Answering customers")).to_be_visible()
    await inside.get_by_role("button", name="I have read and accept").focus()
    await page.keyboard.press("Enter")
    await expect(inside.get_by_role("status")).to_contain_text("You have accepted version 1")
    await expect(page).to_have_title("1")
    done = await platform.client.get("/v1/policies/social-media/acknowledgements", params={"status": "done"})
    assert [one["employee_number"] for one in done.json()["items"]] == ["E-1"]


async def test_a_page_shows_policy_and_check_as_parts_of_its_own(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform, ENGLISH + RULE)
    token = await token_for(platform, origin=hosts.origin(), employee_number="E-1")
    script = f"""window.told = [];
      for (const name of ["acknowledged", "checked"]) {{
        addEventListener(`shareload-${{name}}`, (event) => window.told.push([name, event.detail.version ?? event.detail.verdict]));
      }}
      for (const part of document.querySelectorAll("shareload-policy, shareload-check")) part.token = async () => "{token}";"""
    parts = '<shareload-policy key="social-media" theme="light"></shareload-policy><h2>Check</h2><shareload-check></shareload-check>'
    hosts.pages["/"] = PAGE.format(head="", body=parts + module(platform, script))
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    await expect(page.get_by_role("heading", name="Answering customers")).to_be_visible()
    await page.get_by_role("button", name="I have read and accept").click()
    await expect(page.get_by_text("You have accepted version 1")).to_be_visible()
    await page.locator("shareload-policy").evaluate("part => { part.sections = 'speak-as-yourself'; }")
    await expect(page.get_by_role("heading", name="Answering customers")).to_have_count(0)
    assert await page.locator("shareload-policy").get_attribute("sections") == "speak-as-yourself"

    await page.get_by_label("Your draft").press_sequentially("😀 Delivery is guaranteed!")
    await expect(page.locator("shareload-check mark")).to_have_text("guaranteed")
    await expect(page.locator("shareload-check").get_by_role("status")).to_have_text("Please do not post this.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("shareload-check").get_by_role("heading", name="Answering customers")).to_be_visible()
    told = await page.evaluate("window.told")
    assert told[0] == ["acknowledged", 1]
    assert told[-1] == ["checked", "block"]
    assert await faults(page) == []


async def test_a_page_that_is_written_from_the_right_lays_out_its_parts_so_and_each_text_by_its_own_letters(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform, ENGLISH + RULE)
    token = await token_for(platform, origin=hosts.origin())
    script = (
        f'for (const part of document.querySelectorAll("shareload-policy, shareload-check")) part.token = "{token}";'
    )
    parts = '<shareload-policy key="social-media" lang="ur"></shareload-policy><shareload-check lang="ur"></shareload-check>'
    hosts.pages["/"] = PAGE.format(head="", body=parts + module(platform, script))
    page = await everywhere.new_page()
    await page.goto(hosts.origin())
    await expect(page.get_by_role("heading", name="Answering customers")).to_be_visible()

    check = page.locator("shareload-check")
    draft = check.get_by_label("Your draft")
    await expect(check.locator(".shareload")).to_have_css("direction", "rtl")
    await expect(check.locator(".shareload")).to_have_attribute("lang", "en")
    await draft.fill("שלום guaranteed")
    await expect(draft).to_have_css("direction", "rtl")
    await draft.fill("Delivery is guaranteed!")
    await expect(draft).to_have_css("direction", "ltr")
    await expect(check.locator(".marked")).to_have_css("direction", "ltr")
    article = page.locator("shareload-policy article")
    await expect(article).to_have_attribute("lang", "en")
    await expect(article).to_have_css("direction", "ltr")
    assert await faults(page) == []


async def test_a_page_shows_a_badge_and_says_so_once_it_holds_no_more(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    certificate, code = await issue(platform)
    script = 'window.told = []; addEventListener("shareload-verified", ({ detail }) => window.told.push(detail.valid));'
    parts = f'<shareload-badge certificate="{code}"></shareload-badge><shareload-badge lang="de" certificate="{code}">'
    hosts.pages["/"] = PAGE.format(head="", body=f"{parts}</shareload-badge>" + module(platform, script))
    page = await everywhere.new_page()

    await page.goto(hosts.origin())
    shown, german = page.locator("shareload-badge").first, page.locator("shareload-badge").last
    await expect(shown.get_by_text("Responder")).to_be_visible()
    await expect(shown.get_by_text("This badge holds.")).to_be_visible()
    await expect(german.get_by_text("Dieses Abzeichen gilt.")).to_be_visible()
    await page.wait_for_function("window.told.length === 2 && window.told.every(Boolean)")
    await page.wait_for_function(
        "document.querySelector('shareload-badge').shadowRoot.querySelector('img').naturalWidth > 0"
    )
    link = shown.get_by_role("link")
    assert await link.get_attribute("href") == f"{gateway_of(platform)}{code}"
    assert await faults(page) == []

    assert (await platform.client.post(f"{certificate}/revocation", json={"reason": "No longer."})).is_success
    await page.reload()
    await expect(shown.get_by_text("This badge does not hold.")).to_be_visible()
    assert await faults(page) == []
    await shown.evaluate("part => { part.certificate = 'nobody-has-this-one'; }")
    await expect(shown.get_by_role("alert")).to_be_visible()


@pytest.mark.usefixtures("anyone")
async def test_what_the_snippets_page_says_to_paste_shows_the_policy_where_it_is_pasted(
    everywhere: Browser, platform: Platform, hosts: Hosts
) -> None:
    await in_force(platform)
    lead = await sign_in(everywhere, platform, "E-1", "lead", reduced_motion="reduce")
    await lead.goto(f"{platform.running['gateway'].url}/embed")
    await lead.get_by_label("Colours").select_option("dark")
    await expect(lead.frame_locator("#shown").get_by_role("heading", name="Answering customers")).to_be_visible()
    fields = lead.locator("[data-snippet]")
    snippets = {
        str(await field.get_attribute("data-snippet")): await field.input_value() for field in await fields.all()
    }
    base = str(await lead.locator("#choice").get_attribute("data-base"))
    for kind in ("html", "component"):
        hosts.pages[f"/{kind}"] = PAGE.format(head="", body=snippets[kind].replace(base, gateway_of(platform)))

    page = await everywhere.new_page()
    await page.goto(f"{hosts.origin()}/html")
    await expect(page.frame_locator("iframe").get_by_role("heading", name="Answering customers")).to_be_visible()
    assert (await framed(page)).url.endswith("/embed/policies/social-media?theme=dark")
    await page.goto(f"{hosts.origin()}/component")
    await expect(page.locator("shareload-policy").get_by_role("heading", name="Answering customers")).to_be_visible()


@pytest.mark.usefixtures("anyone")
async def test_axe_finds_nothing_in_any_theme_and_nothing_is_wider_than_a_phone(
    everywhere: Browser, platform: Platform
) -> None:
    wide = (
        "\n\n| a | b | c |\n|---|---|---|\n| "
        + " | ".join(["unbreakable" * 8] * 3)
        + " |\n\n[link](https://x.example)\n"
    )
    await in_force(platform, ENGLISH + wide)
    page = await everywhere.new_page(viewport={"width": 320, "height": 640})
    for theme in ("light", "dark", "contrast"):
        for lang in ("en", "ar"):
            await page.goto(f"{gateway_of(platform)}/embed/policies/social-media?theme={theme}&lang={lang}")
            assert await faults(page) == [], (theme, lang)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320, (theme, lang)
