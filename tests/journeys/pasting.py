"""Documents whose commands are run as a reader would paste them, and whose answers are compared with real ones."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```(bash|json|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ANYTHING = "…"


@dataclass
class Block:
    """Commands (`bash`) or a program (`python`), and the answer that the document shows for them."""

    language: str
    text: str
    answer: Any = None


def blocks_of(document: Path) -> list[Block]:
    """Return what a document lets its readers run, in order."""
    blocks: list[Block] = []
    for language, text in BLOCK.findall(document.read_text()):
        if language == "json":
            blocks[-1].answer = json.loads(text)
        else:
            blocks.append(Block(language, text))
    return blocks


def differences(shown: Any, real: Any, place: str = "answer") -> list[str]:
    """Return where an answer is not as shown; it may have more fields, and `…` stands for anything."""
    if shown == ANYTHING:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = [f"{place}.{name} is missing" for name in shown if name not in real]
        return missing + [
            fault for name in shown if name in real for fault in differences(shown[name], real[name], f"{place}.{name}")
        ]
    if isinstance(shown, list) and isinstance(real, list) and len(real) >= len(shown):
        return [fault for at, part in enumerate(shown) for fault in differences(part, real[at], f"{place}[{at}]")]
    return [] if shown == real else [f"{place} is {json.dumps(real)[:200]}, not {json.dumps(shown)[:200]}"]
