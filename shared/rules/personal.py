"""Find what belongs to one person and not in public: addresses, numbers of phones, cards, accounts and of the state."""

import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn

Place = tuple[int, int]

_LOCAL = r"(?<![\w%+@-])(?<![\w%+-][.'])[\w%+-]+(?:[.'][\w%+-]+)*"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_TOP = r"(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,63})(?![\w@-])"
_email = re.compile(rf"(?i){_LOCAL}@(?:{_LABEL}\.)+{_TOP}")
_AT = r"(?:@|\s?[\[({]\s?(?:at|ät|arroba|@)\s?[\])}]\s?)"
_DOT = r"(?:\.|\s?[\[({]\s?(?:dot|punkt|punto|ponto|point|\.)\s?[\])}]\s?)"
_spelt_email = re.compile(rf"(?i){_LOCAL}{_AT}(?:{_LABEL}{_DOT})+{_TOP}")

# Numbers of cards as people write them: in one piece, or in the groups that are printed on the card.
_cards = [
    re.compile(rf"(?<!\w)(?=({shape})(?!\w))")
    for shape in (
        r"\d{13,19}",
        r"\d{4}([ -])\d{4}\2\d{4}\2\d{1,4}",
        r"\d{4}([ -])\d{4}\2\d{4}\2\d{4}\2\d{1,3}",
        r"\d{4}([ -])\d{6}\2\d{4,5}",
    )
]
_issuers = re.compile(
    r"""4(?:\d{12}|\d{15}|\d{18})                                                      # Visa
    |(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}                   # Mastercard
    |3[47]\d{13}                                                                        # American Express
    |(?:6011|64[4-9]\d|65\d\d|62\d\d)\d{12,15}                                          # Discover, UnionPay
    |3(?:0[0-5]|[689]\d)\d{11,16}                                                       # Diners Club
    |35(?:2[89]|[3-8]\d)\d{12,15}                                                       # JCB
    |(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15}                                 # Maestro""",
    re.VERBOSE,
)

_iban = re.compile(r"(?<!\w)(?=([A-Za-z]{2}[ -]?\d{2}(?:[ -]?[A-Za-z0-9]){11,30}))")
_word = re.compile(r"\w")
_separators = str.maketrans("", "", " -")
_four_digits = re.compile(r"\d(?:\D*\d){3}")


def may_have_numbers(text: str) -> bool:
    """Tell whether a text has as many digits as the shortest number that is looked for."""
    return _four_digits.search(text) is not None


def emails(text: str, *, strict: bool) -> Iterator[Place]:
    """Mail addresses, not handles such as @ana@social.example; with `strict` also ana [at] mail [dot] example."""
    if strict or "@" in text:
        for found in (_spelt_email if strict else _email).finditer(text):
            yield found.span()


def cards(text: str) -> Iterator[Place]:
    """Numbers that a card issuer may have given, by their beginning, length and check digit (ISO/IEC 7812)."""
    for shape in _cards:
        for found in shape.finditer(text):
            number = found[1].translate(_separators)
            if _issuers.fullmatch(number) and luhn.is_valid(number):
                yield found.span(1)


def ibans(text: str) -> Iterator[Place]:
    """International bank account numbers with the length of their country and right check digits (ISO 13616)."""
    for found in _iban.finditer(text):
        start, last = found.span(1)
        for end in range(last, start + 14, -1):
            if text[end - 1 : end].isalnum() and not _word.match(text, end) and _is_iban(text[start:end]):
                yield start, end
                break


def _is_iban(written: str) -> bool:
    """First the cheap proof, as a long text may have many candidates."""
    number = written.translate(_separators).upper()
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1 and iban.is_valid(
        number, check_country=False
    )


def phones(text: str, region: str | None) -> Iterator[Place]:
    """Valid telephone numbers as they are dialled in a region; without one, only those that begin with a plus."""
    for found in PhoneNumberMatcher(text, region, leniency=Leniency.VALID, max_tries=100):
        yield found.start, found.end
