"""What pages say exists in every language: whatever is marked in templates and code has its translation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.gateway.portal.words import LANGUAGES, SOURCE, TRANSLATIONS, words_of

PORTAL = TRANSLATIONS.parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "say": None, "count": (1, 2)}
OTHERS = [language for language in LANGUAGES if language != SOURCE]


def marked() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Give each marked text with the place where it stands."""
    options = {"**/templates/**.html": {"extensions": "", "silent": "false"}}
    found = extract_from_dir(str(PORTAL), METHODS, options, keywords=KEYWORDS)
    for file, line, text, _, _ in found:
        yield f"{file}:{line}", text


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_pages_is_translated(language: str) -> None:
    words = words_of(language)
    lacking = {
        key: place
        for place, text in marked()
        for key in [text if isinstance(text, str) else text[0]]
        if key not in words.texts
    }
    assert lacking == {}


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_kept_that_no_page_says(language: str) -> None:
    said = {text if isinstance(text, str) else text[0] for _, text in marked()}
    assert words_of(language).texts.keys() - said == set()


def test_translations_keep_the_places_that_values_take() -> None:
    for file in sorted(Path(TRANSLATIONS).rglob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened):
                if message.id:
                    assert not list(message.check()), (file.name, message.id)
                    assert not message.fuzzy, (file.name, message.id)
