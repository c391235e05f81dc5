"""How written answers are compared: what does not matter is folded away."""

import unicodedata
from collections.abc import Sequence
from typing import Literal, get_args

Fold = Literal["case", "space", "accents"]
FOLDS: tuple[str, ...] = get_args(Fold)


def fold(text: str, ignore: Sequence[Fold]) -> str:
    """Return what is compared of a text; ways of writing the same characters (NFKC) never matter."""
    folded = unicodedata.normalize("NFKC", text)
    if "accents" in ignore:
        apart = unicodedata.normalize("NFKD", folded)
        folded = unicodedata.normalize("NFKC", "".join(one for one in apart if not unicodedata.combining(one)))
    if "case" in ignore:
        folded = unicodedata.normalize("NFKC", folded.casefold())
    return " ".join(folded.split()) if "space" in ignore else folded
