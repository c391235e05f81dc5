"""What is personal data, worked out by trying every stretch of a text; a few countries, whose rules are written out."""

from collections.abc import Callable, Iterable
from itertools import pairwise

SEPARATORS = " -"
IBAN_LENGTHS = {"DE": 22, "GB": 22, "NL": 18, "NO": 15, "FR": 27}


def places(text: str, kinds: Iterable[str], regions: Iterable[str]) -> list[tuple[int, int]]:
    """All stretches of a clean text, digits being 0 to 9, that are one of the kinds."""
    tests: list[Callable[[str], bool]] = []
    for kind in kinds:
        tests += [NATIONAL[region] for region in regions] if kind == "national_id" else [NUMBERS.get(kind, _never)]
    found = [
        (start, end)
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if _apart(text, start, end) and any(test(text[start:end]) for test in tests)
    ]
    if "email" in kinds:
        found += [
            (start, end)
            for start in range(len(text))
            for end in range(start + 1, len(text) + 1)
            if _is_email(text[start:end]) and _apart_as_email(text, start, end)
        ]
    return found


def _never(_: str) -> bool:
    return False


def _word(char: str) -> bool:
    return bool(char) and (char.isalnum() or char == "_")


def _apart(text: str, start: int, end: int) -> bool:
    return not (start and _word(text[start - 1])) and not _word(text[end : end + 1])


def _apart_as_email(text: str, start: int, end: int) -> bool:
    before, one_more = text[max(start - 1, 0) : start], text[max(start - 2, 0) : max(start - 1, 0)]
    if _local(before) or before == "@" or (before and before in ".'" and _local(one_more)):
        return False
    after = text[end : end + 1]
    return not _word(after) and after not in {"-", "@"}


def _local(char: str) -> bool:
    return bool(char) and (_word(char) or char in "%+-")


def _is_email(text: str) -> bool:
    local, at, domain = text.partition("@")
    atoms = local.replace("'", ".").split(".")
    *labels, top = domain.split(".")
    return (
        bool(at and labels)
        and all(atom and all(map(_local, atom)) for atom in atoms)
        and all(
            label and len(label) <= 63 and label[0].isalnum() and label[-1].isalnum() and all(map(_label, label))
            for label in labels
        )
        and len(top) >= 2
        and top.isalpha()
    )


def _label(char: str) -> bool:
    return _word(char) or char == "-"


def _is_card(text: str) -> bool:
    if not (text[0].isdigit() and text[-1].isdigit()):
        return False
    separators = {char for char in text if not char.isdigit()}
    if len(separators) > 1 or not separators <= set(SEPARATORS):
        return False
    sizes = [len(group) for group in text.split(separators.pop())] if separators else [len(text)]
    if len(sizes) > 1:
        four = sizes[:3] == [4, 4, 4] and (
            (len(sizes) == 4 and 1 <= sizes[3] <= 4) or (len(sizes) == 5 and sizes[3] == 4 and 1 <= sizes[4] <= 3)
        )
        if not four and (len(sizes) != 3 or sizes[:2] != [4, 6] or sizes[2] not in {4, 5}):
            return False
    number = "".join(char for char in text if char.isdigit())
    return _issued(number) and _luhn(number)


def _issued(number: str) -> bool:
    if not 13 <= len(number) <= 19:
        return False
    head, length = int(number[:4]), len(number)
    long = range(16, 20)
    known = [
        (4000 <= head <= 4999, (13, 16, 19)),
        (5100 <= head <= 5599 or 2221 <= head <= 2720, (16,)),
        (head // 100 in {34, 37}, (15,)),
        (head == 6011 or 6440 <= head <= 6599 or head // 100 == 62, long),
        (3000 <= head <= 3059 or head // 100 in {36, 38, 39}, range(14, 20)),
        (3528 <= head <= 3589, long),
        (head in {5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763}, range(13, 20)),
    ]
    return any(begins and length in lengths for begins, lengths in known)


def _luhn(number: str) -> bool:
    total = 0
    for at, digit in enumerate(reversed(number)):
        twice = int(digit) * (1 + at % 2)
        total += twice - 9 if twice > 9 else twice
    return total % 10 == 0


def _is_iban(text: str) -> bool:
    if not all(char.isascii() and (char.isalnum() or char in SEPARATORS) for char in text):
        return False
    if any(one in SEPARATORS and other in SEPARATORS for one, other in pairwise(text)):
        return False
    compact = "".join(char for char in text if char.isalnum()).upper()
    written_together = text[:2].isalpha() and text[2:].lstrip(SEPARATORS)[:2].isdigit()
    if not (written_together and text[-1].isalnum()) or IBAN_LENGTHS.get(compact[:2]) != len(compact):
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def _is_bsn(text: str) -> bool:
    """The Netherlands: nine digits, weighted 9 to 2 and -1, divisible by eleven."""
    if [len(group) for group in text.split(".")] not in ([9], [4, 2, 3]):
        return False
    number = text.replace(".", "")
    if not number.isdigit():
        return False
    weights = [9, 8, 7, 6, 5, 4, 3, 2, -1]
    return int(number) > 0 and sum(w * int(d) for w, d in zip(weights, number, strict=True)) % 11 == 0


def _is_dni(text: str) -> bool:
    """Spain: eight digits and a letter that is their remainder by 23."""
    number, letter = text[:8], text[8:].lstrip(SEPARATORS) if len(text) <= 10 else ""
    dni = len(number) == 8 and number.isdigit() and len(letter) == 1 and letter.isascii()
    return dni and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == letter.upper()


def _is_ssn(text: str) -> bool:
    """The United States: 3-2-4 digits, some of which are never given; individual tax numbers have tests of their own."""
    for separator in SEPARATORS:
        groups = text.split(separator)
        if [len(group) for group in groups] == [3, 2, 4] and all(group.isdigit() for group in groups):
            area, group, serial = groups
            known_to_all = "".join(groups) in {"078051120", "457555462", "219099999"}
            given = area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"
            taxpayer = area >= "900" and ("70" <= group <= "99") and group not in {"89", "93"}
            return (given and not known_to_all) or taxpayer
    return False


NUMBERS: dict[str, Callable[[str], bool]] = {"card": _is_card, "iban": _is_iban}
NATIONAL: dict[str, Callable[[str], bool]] = {"NL": _is_bsn, "ES": _is_dni, "US": _is_ssn}
