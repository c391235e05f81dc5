"""Which column of a file is which attribute of a person, and what a row of it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from services.training.domain.provisioning.csv_files import NotACsv
from services.training.schemas.imports import Attribute, PersonRow

ATTRIBUTES: tuple[str, ...] = get_args(Attribute)
REQUIRED = ("employee_number", "name", "email", "department", "region")
OTHER_NAMES = {"e_mail": "email", "cost_center": "cost_centre", "username": "user_name"}
YES = frozenset({"true", "yes", "1", "active"})
NO = frozenset({"false", "no", "0", "inactive", "left"})
SURPLUS = "cells"


@dataclass(frozen=True, slots=True)
class Columns:
    """The attribute of each column of a file, None for those that say nothing to us."""

    attributes: list[str | None]
    ignored: list[str]

    @property
    def said(self) -> frozenset[str]:
        """The attributes that the file speaks of."""
        return frozenset(name for name in self.attributes if name is not None)


def folded(name: str) -> str:
    """Return the name of a column without what people write differently."""
    return "_".join(name.strip().casefold().replace("-", " ").replace("_", " ").split())


def attribute_of(name: str, mapping: Mapping[str, str]) -> str | None:
    """Return the attribute that a column is, by the mapping given or by its name."""
    key = folded(name)
    given = {folded(column): attribute for column, attribute in mapping.items()}.get(key)
    own = OTHER_NAMES.get(key, key)
    return given or (own if own in ATTRIBUTES and own not in mapping.values() else None)


def known(header: Sequence[str], mapping: Mapping[str, str]) -> int:
    """Count the columns of a header that are attributes."""
    return sum(attribute_of(name, mapping) is not None for name in header)


def columns_of(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Return what the columns of a file are; raises NotACsv for missing or doubled ones."""
    attributes = [attribute_of(name, mapping) for name in header]
    missing = [name for name in REQUIRED if name not in attributes]
    absent = sorted(set(mapping) - {name for name in mapping if folded(name) in map(folded, header)})
    doubled = sorted({name for name in attributes if name is not None and attributes.count(name) > 1})
    if missing or absent or doubled:
        raise NotACsv(
            f"The first line must name the columns {', '.join(REQUIRED)}, once each. Missing: {missing}, "
            f"more than once: {doubled}, mapped but not there: {absent}."
        )
    return Columns(attributes, [name for name, attribute in zip(header, attributes, strict=True) if attribute is None])


def says(cells: list[str], columns: Columns) -> dict[str, Any]:
    """Return what a row says of a person, `manager` as an employee number; raises ValueError with the reason."""
    if len(cells) != len(columns.attributes):
        raise ValueError(f"{SURPLUS}: the row has {len(cells)}, the first line {len(columns.attributes)}")
    named = {
        name: cell.strip() or None for name, cell in zip(columns.attributes, cells, strict=True) if name is not None
    }
    if "languages" in named:
        named["languages"] = [one.strip() for one in (named["languages"] or "").split(";") if one.strip()]  # type: ignore[assignment]
    if "active" in named:
        named["active"] = active_of(named["active"])  # type: ignore[assignment]
    try:
        row = PersonRow.model_validate(named)
    except ValidationError as error:
        raise ValueError(said_of(error)) from None
    said = row.model_dump(include=set(columns.said))
    # An empty cell takes away what may be empty, and says nothing of what may not.
    return {
        name: value
        for name, value in said.items()
        if value is not None or name not in {"employee_number", "user_name", "active"}
    }


def active_of(cell: str | None) -> bool | None:
    """Read whether somebody works here, None where nothing is said; raises ValueError."""
    word = (cell or "").casefold()
    if word and word not in YES | NO:
        raise ValueError("active: write true or false")
    return word in YES if word else None


def said_of(error: ValidationError) -> str:
    """Say in one line what is wrong with a row."""
    return "; ".join(f"{item['loc'][0]}: {item['msg']}" if item["loc"] else item["msg"] for item in error.errors())
