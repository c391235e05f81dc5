"""An example for each command of `shareload`, shown at the end of its `--help`."""

import typer

EXAMPLES = {
    "backup": "backup shareload.tar.gz",
    "restore": "restore shareload.tar.gz --erasures erased.jsonl",
    "restart": "--data-dir .data restart",
    "seed": "seed",
    "keys create": 'keys create "HR system" --scope people:read --scope certificates:read',
    "keys list": "keys list",
    "keys rotate": "keys rotate KEY --overlap-hours 48",
    "keys revoke": "keys revoke KEY",
    "people import": "people import people.csv --dry-run",
    "policies import": 'policies import social-media.md --note "Answer within four hours" --review',
    "courses push": "courses push kettle --check",
    "courses pull": "courses pull principles principles-course --version 2",
    "badges keys": "badges keys",
    "badges rotate": "badges rotate",
    "badges revoke": "badges revoke KEY",
    "posts import": "posts import posts.jsonl --network mastodon",
    "events tail": 'events tail --types "training.certificate.*"',
    "events dead": "events dead monitoring --replay",
    "events replay": "events replay training --since 2026-11-01",
    "audit list": "audit list --service training --action person.erased --limit 5",
    "audit verify": "audit verify --kept heads.json",
    "audit chain": "audit chain --person E-1010 --out chain",
    "erasures export": "erasures export erased.jsonl",
    "webhooks list": "webhooks list",
    "webhooks create": 'webhooks create HR https://hr.example.com/hook --type "training.person.*" --scope people:read',
    "webhooks test": "webhooks test WEBHOOK",
    "webhooks replay": "webhooks replay WEBHOOK 2026-11-20",
    "secrets rotate": "secrets rotate .data/source-secrets.json",
    "secrets forget-former": "secrets forget-former .data/source-secrets.json",
}


def show_examples(app: typer.Typer, path: tuple[str, ...] = ()) -> None:
    """Give each command of an app its example."""
    for command in app.registered_commands:
        name = command.name or (command.callback.__name__.replace("_", "-") if command.callback else "")
        command.epilog = f"Example: shareload {EXAMPLES[' '.join((*path, name))]}"
    for group in app.registered_groups:
        if group.typer_instance is not None:
            show_examples(group.typer_instance, (*path, str(group.name)))
