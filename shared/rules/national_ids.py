"""Numbers by which states know people: how they are written, region by region, and what proves them.

The proofs (check digits, dates) are python-stdnum's. Shapes are narrow on purpose: where a number has no check digit,
or a weak one, it must be written with the separators that its state uses.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import NamedTuple


class NationalId(NamedTuple):
    """One kind of number: its shape, between what is no letter or digit, and the proof of what was written."""

    shape: re.Pattern[str]
    is_valid: Callable[[str], bool]


# By region: modules of python-stdnum, each with the shape in which people write its number.
_KNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "AR": (("ar.cuit", r"\d{2}-?\d{8}-?\d"),),
    "AT": (("at.vnr", r"\d{4} ?\d{6}"),),
    "AU": (("au.tfn", r"\d{3} ?\d{3} ?\d{2,3}"),),
    "BE": (("be.nn", r"\d{2}\.?\d{2}\.?\d{2}[- ]?\d{3}[. ]?\d{2}"),),
    "BG": (("bg.egn", r"\d{10}"),),
    "BR": (("br.cpf", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}"),),
    "CA": (("ca.sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}"),),
    "CH": (("ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}"),),
    "CL": (("cl.rut", r"\d{1,2}\.?\d{3}\.?\d{3}-[\dK]"),),
    "CN": (("cn.ric", r"\d{17}[\dX]"),),
    "CZ": (("cz.rc", r"\d{6}/\d{3,4}|\d{10}"),),
    "DE": (("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}"),),
    "DK": (("dk.cpr", r"\d{6}-\d{4}"),),
    "EE": (("ee.ik", r"\d{11}"),),
    "ES": (("es.dni", r"\d{8}[- ]?[A-Z]"), ("es.nie", r"[XYZ][- ]?\d{7}[- ]?[A-Z]")),
    "FI": (("fi.hetu", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"),),
    "FR": (("fr.nir", r"[12378] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}"),),
    "GB": (
        ("", r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"),
        ("gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}"),
    ),
    "GR": (("gr.amka", r"\d{11}"),),
    "HR": (("hr.oib", r"\d{11}"),),
    "ID": (("id.nik", r"\d{16}"),),
    "IE": (("ie.pps", r"\d{7}[A-W][A-IW]?"),),
    "IL": (("il.idnr", r"\d{9}|\d{8}-\d"),),
    "IN": (("in_.aadhaar", r"\d{4}[ -]?\d{4}[ -]?\d{4}"), ("in_.pan", r"[A-Z]{3}P[A-Z]\d{4}[A-Z]")),
    "IS": (("is_.kennitala", r"\d{6}-?\d{4}"),),
    "IT": (("it.codicefiscale", r"[A-Z]{6}[0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]"),),
    "JP": (("jp.in_", r"\d{4}[ -]?\d{4}[ -]?\d{4}"),),
    "KR": (("kr.rrn", r"\d{6}-?\d{7}"),),
    "LT": (("lt.asmens", r"\d{11}"),),
    "MX": (("mx.curp", r"[A-Z]{4}\d{6}[A-Z]{6}[A-Z0-9]\d"),),
    "MY": (("my.nric", r"\d{6}-\d{2}-\d{4}"),),
    "NL": (("nl.bsn", r"\d{9}|\d{4}\.\d{2}\.\d{3}"),),
    "NO": (("no.fodselsnummer", r"\d{6} ?\d{5}"),),
    "NZ": (("nz.ird", r"\d{2,3}-?\d{3}-?\d{3}"),),
    "PL": (("pl.pesel", r"\d{11}"),),
    "PT": (("pt.cc", r"\d{8} ?\d ?[A-Z0-9]{2}\d"), ("pt.nif", r"[1-3]\d{2} ?\d{3} ?\d{3}")),
    "RO": (("ro.cnp", r"\d{13}"),),
    "SE": (("se.personnummer", r"(?:\d{2})?\d{6}[-+]?\d{4}"),),
    "SI": (("si.emso", r"\d{13}"),),
    "SK": (("sk.rc", r"\d{6}/\d{3,4}|\d{10}"),),
    "TH": (("th.pin", r"\d-?\d{4}-?\d{5}-?\d{2}-?\d"),),
    "TR": (("tr.tckimlik", r"\d{11}"),),
    "UA": (("ua.rntrc", r"\d{10}"),),
    "US": (("us.ssn", r"\d{3}([- ])\d{2}\1\d{4}"), ("us.itin", r"9\d{2}([- ])\d{2}\1\d{4}")),
    "ZA": (("za.idnr", r"\d{6} ?\d{4} ?\d{3}"),),
}
_separators = str.maketrans("", "", " .-")
REGIONS = frozenset(_KNOWN)
"""The regions whose numbers are known, as ISO 3166 codes."""


@cache
def of_region(region: str) -> tuple[NationalId, ...]:
    """The kinds of numbers of a region."""
    return tuple(
        NationalId(re.compile(rf"(?<!\w)(?=((?i:{shape}))(?!\w))".replace(r"\1", r"\2")), _proof(module))
        for module, shape in _KNOWN[region]
    )


def find(text: str, region: str) -> Iterator[tuple[int, int]]:
    """The places of a region's numbers in a text whose digits are 0 to 9."""
    for shape, is_valid in of_region(region):
        for found in shape.finditer(text):
            if is_valid(found[1]) or is_valid(found[1].translate(_separators)):
                yield found.span(1)


def _proof(module: str) -> Callable[[str], bool]:
    if not module:
        return bool
    proof: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return proof
