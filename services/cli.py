"""`shareload`: the platform from a terminal. All that the public API can do goes through it."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services import SERVICES
from services.backup_commands import back_up, erasures, restore
from services.badge_commands import badges
from services.cli_examples import show_examples
from services.client import Api, NowhereError, RefusedError, UnreachableError
from services.course_commands import courses
from services.evidence_commands import audit
from services.key_commands import keys
from services.restart_command import restart
from services.secret_commands import secrets
from services.terminal import Options, api_of, bars, err, out
from services.webhook_commands import webhooks

CHUNK = 500
SHOWN = 20
"""How many rejected lines are shown one by one."""
POST_FIELDS = frozenset(
    {"network", "network_id", "kind", "author", "text", "lang", "topic", "posted_at", "in_reply_to", "url"}
)

app = typer.Typer(help="Shareload from a terminal.", no_args_is_help=True, pretty_exceptions_enable=False)
people = typer.Typer(help="Members of staff.", no_args_is_help=True)
policies = typer.Typer(help="Policies and their versions.", no_args_is_help=True)
posts = typer.Typer(help="Posts from social networks.", no_args_is_help=True)
events = typer.Typer(help="What the services tell.", no_args_is_help=True)
GROUPS = {
    "keys": keys,
    "people": people,
    "policies": policies,
    "courses": courses,
    "badges": badges,
    "posts": posts,
    "events": events,
    "audit": audit,
    "erasures": erasures,
    "webhooks": webhooks,
    "secrets": secrets,
}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)
app.command("backup")(back_up)
app.command("restore")(restore)
app.command("restart")(restart)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to read.")]


@app.callback()
def connect(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(envvar="SHARELOAD_URL", help="The gateway's address.")] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="SHARELOAD_API_KEY", help="A key with the scopes that the command needs.")
    ] = None,
    data_dir: Annotated[
        Path,
        typer.Option(envvar=["SHARELOAD_DATA_DIR", "DATA_DIR"], help="Where the platform runs, if not told otherwise."),
    ] = Path(".data"),
) -> None:
    """Remember where the platform is."""
    context.obj = Options(url, api_key, data_dir)


@app.command()
def seed(
    context: typer.Context,
    count: Annotated[int, typer.Option("--posts", min=0, help="How many posts the year has.")] = 3000,
) -> None:
    """Load the demonstration organisation; doing it again changes nothing."""
    from services.demo.seed import ElsewhereError, Seed

    with api_of(context) as api, bars() as progress:
        try:
            steps = Seed(api, count).steps()
        except ElsewhereError as problem:
            err.print(str(problem), style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from None
        for step in steps:
            task = progress.add_task(step.title, total=step.total)
            for _ in step.work():
                progress.advance(task)
            progress.update(task, total=progress.tasks[task].completed)


@people.command("import")
def import_people(
    context: typer.Context,
    file: File,
    dry_run: Annotated[bool, typer.Option(help="Only say what would happen.")] = False,
) -> None:
    """Import people from a CSV file: employee_number,name,email,department,region,manager,languages."""
    with api_of(context) as api, err.status("Importing"):
        query = {"dry_run": "true"} if dry_run else {}
        report = json.loads(api.upload("/v1/people/imports", file.read_bytes(), "text/csv", **query))
    if "rows" not in report:
        out.print(f"{report['total']} rows are being applied: GET /v1/imports/{report['id']}")
        return
    for row in report["rows"]:
        if row["outcome"] == "rejected":
            err.print(f"row {row['row']} ({row['employee_number']}): {row['detail']}", style="red")
    out.print(", ".join(f"{report[outcome]} {outcome}" for outcome in ("created", "updated", "unchanged", "rejected")))
    if report["rejected"]:
        raise typer.Exit(1)


@policies.command("import")
def import_policy(
    context: typer.Context,
    file: File,
    key: Annotated[
        str | None, typer.Option(help="The policy's key; the file's name without its ending if not given.")
    ] = None,
    note: Annotated[str, typer.Option(help="What changes, for those who read it.")] = "Imported from a file.",
    material: Annotated[bool, typer.Option(help="Whether people have to accept it anew.")] = True,
    review: Annotated[bool, typer.Option(help="Ask for review at once.")] = False,
) -> None:
    """Write a new version of a policy from Markdown; show what was passed over, and the examples on which its rules fail."""
    key = key or file.stem
    with api_of(context) as api:
        try:
            api.post("/v1/policies", {"key": key, "title": key.replace("-", " ").capitalize()})
        except RefusedError as refused:
            if refused.status != 409:
                raise
        path = f"/v1/policies/{key}/versions"
        version = api.post(path, {"source": file.read_text(), "change_note": note, "material": material})
        if review:
            version = api.post(f"{path}/{version['number']}/review", {})
    out.print(
        f"{key} version {version['number']}: {len(version['sections'])} sections, {len(version['rules'])} rules, {version['state']}"
    )
    for warning in version["warnings"]:
        err.print(f"line {warning['line']}: {warning['message']}", style="yellow", markup=False, soft_wrap=True)
    for problem in version["problems"]:
        err.print(
            f"rule {problem['rule']}: {problem['why']} (example: {problem['example']!r})", style="red", markup=False
        )
    if version["problems"]:
        raise typer.Exit(1)


@posts.command("import")
def import_posts(
    context: typer.Context,
    file: File,
    network: Annotated[str, typer.Option(help="The network of lines that name none.")] = "import",
    kind: Annotated[str, typer.Option(help="The kind of lines that name none: staff, mention or reply.")] = "mention",
) -> None:
    """Import posts from JSON Lines; a line needs `text` and `id` or `network_id`, the rest has defaults."""
    counts = {"accepted": 0, "duplicate": 0, "rejected": 0}
    defaults = {"network": network, "kind": kind, "author": "@someone", "posted_at": datetime.now(UTC).isoformat()}
    with api_of(context) as api, bars() as progress, file.open() as lines:
        task = progress.add_task("Posts", total=sum(1 for _ in file.open()))
        while chunk := list(islice(lines, CHUNK)):
            content = b"\n".join(as_line(line, defaults) for line in chunk if line.strip())
            for answer in api.upload("/v1/posts", content, "application/x-ndjson").splitlines():
                item = json.loads(answer)
                counts[item["status"]] += 1
                if item["status"] == "rejected" and counts["rejected"] <= SHOWN:
                    progress.console.print(
                        f"{item['network_id']}: {item['reason']}", style="red", markup=False, soft_wrap=True
                    )
            progress.advance(task, len(chunk))
    out.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    if counts["rejected"]:
        raise typer.Exit(1)


def as_line(line: str, defaults: dict[str, str]) -> bytes:
    """Return a line as the API takes it; one that is no JSON object goes as it is, and comes back rejected."""
    try:
        given = json.loads(line)
    except json.JSONDecodeError:
        given = None
    return json.dumps(defaults | as_post(given)).encode() if isinstance(given, dict) else line.strip().encode()


def as_post(line: dict[str, Any]) -> dict[str, Any]:
    """Take what a post has from a line; its own `id` stands for the network's, other fields are left out."""
    renamed = {"network_id": str(line["id"])} if "id" in line else {}
    return renamed | {name: value for name, value in line.items() if name in POST_FIELDS}


@events.command("tail")
def tail_events(
    context: typer.Context,
    types: Annotated[
        str | None,
        typer.Option(help="For example training.certificate.* or monitoring.post.received.v1; commas between."),
    ] = None,
    after: Annotated[str | None, typer.Option(help="Begin after this cursor; otherwise with what comes now.")] = None,
    full: Annotated[bool, typer.Option(help="Print the whole event as JSON.")] = False,
) -> None:
    """Follow the events as they are told; goes on where it was when the connection is lost."""
    with api_of(context) as api:
        cursor = after
        while True:
            try:
                for event in stream(api, types, cursor):
                    cursor = event.get("id", cursor)
                    print(event["data"] if full else one_line(event), flush=True)
            except UnreachableError:
                err.print("connection lost, trying again", style="yellow")
            time.sleep(1)


def one_line(event: dict[str, str]) -> str:
    """Show when an event was told, its type and its subject."""
    data = json.loads(event["data"])
    return f"{data.get('time', ''):<32} {event.get('event', ''):<42} {data.get('subject', '')}"


def stream(api: Api, types: str | None, after: str | None) -> Iterator[dict[str, str]]:
    """Read Server-Sent Events: the fields `id`, `event` and `data` of each."""
    query = {name: value for name, value in (("types", types), ("after", after)) if value}
    fields: dict[str, str] = {}
    for line in api.lines("/v1/events", "text/event-stream", **query):
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield fields
            fields = {}


@events.command("dead")
def show_dead_letters(
    context: typer.Context,
    service: Annotated[str | None, typer.Argument(help="Only those of one service.")] = None,
    replay: Annotated[bool, typer.Option(help="Handle them again, now that the fault is mended.")] = False,
) -> None:
    """List the events that a service could not handle, with the reason, or handle them again."""
    table = Table("service", "id", "subject", "tries", "reason")
    failed = False
    with api_of(context) as api:
        for name in [service] if service else SERVICES:
            path = f"/v1/operations/{name}/dead-letters"
            for letter in list(api.all(path)):
                reason = handle_again(api, f"{path}/{letter['event_id']}/replay") if replay else letter["reason"]
                failed = failed or (replay and reason != "handled")
                table.add_row(name, letter["event_id"], letter["subject"], str(letter["tries"]), reason)
    out.print(table)
    if failed:
        raise typer.Exit(1)


def handle_again(api: Api, path: str) -> str:
    """Send a dead letter in again and say what came of it."""
    try:
        api.post(path, None)
    except RefusedError as refused:
        return str(refused)
    return "handled"


@events.command("replay")
def replay_events(
    context: typer.Context,
    service: Annotated[
        list[str] | None, typer.Argument(help="Whose events; those of all services if none is named.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="From when on, in UTC; all that is kept (30 days) otherwise.")
    ] = None,
) -> None:
    """Publish kept events again, for a broker that lost its store; who knows an event already skips it."""
    body = {"since": since.replace(tzinfo=UTC).isoformat() if since else None}
    with api_of(context) as api:
        for name in service or SERVICES:
            out.print(f"{name}: {api.post(f'/v1/operations/{name}/events/replay', body)['events']} events")


show_examples(app)


def main() -> None:
    """Run the command line; what goes wrong is told in one line."""
    try:
        app()
    except (RefusedError, NowhereError) as problem:
        err.print(str(problem), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except UnreachableError as problem:
        err.print(f"The platform does not answer: {problem}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
