"""The detector for what belongs to one person and not in public."""

from typing import Annotated, Literal

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.rules import national_ids, personal
from shared.rules.detectors.model import Model, earliest
from shared.rules.draft import Span
from shared.rules.plan import Plan, Probe
from shared.rules.reading import Reading

PersonalKind = Literal["email", "phone", "card", "iban", "national_id"]


def _region(code: str) -> str:
    if code not in SUPPORTED_REGIONS:
        raise PydanticCustomError("region", "Give regions as two capital letters such as DE or US.")
    return code


def _may_have_numbers(reading: Reading) -> bool:
    return personal.may_have_numbers(reading.clean)


def _may_have_email(reading: Reading) -> bool:
    return "@" in reading.clean


def _may_have_spelt_email(reading: Reading) -> bool:
    return any(sign in reading.clean for sign in "@[({")


class PersonalDetector(Model):
    """Personal data of the kinds named; `regions` says whose phone numbers and national ids are looked for.

    Phone numbers that begin with a plus are found without regions.
    """

    pii: Annotated[tuple[PersonalKind, ...], Field(min_length=1, max_length=5)]
    regions: Annotated[tuple[Annotated[str, AfterValidator(_region)], ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _knows_the_regions(self) -> "PersonalDetector":
        if "national_id" not in self.pii:
            return self
        unknown = ", ".join(sorted(set(self.regions) - national_ids.REGIONS))
        if not self.regions or unknown:
            reason = f"No national id is known for {unknown}" if unknown else "`national_id` needs `regions: [...]`"
            known = ", ".join(sorted(national_ids.REGIONS))
            raise PydanticCustomError(
                "regions", "{reason}; national ids are known for {known}.", {"reason": reason, "known": known}
            )
        return self

    def compile(self, plan: Plan, *, strict: bool) -> Probe:
        """See `Probe`."""
        kinds = frozenset(self.pii)
        signs: set[int] = set()
        if "email" in kinds:
            signs.add(plan.when(_may_have_spelt_email if strict else _may_have_email))
        if kinds != {"email"}:
            signs.add(plan.when(_may_have_numbers))

        def find(reading: Reading) -> Span | None:
            places = list(personal.emails(reading.clean, strict=strict)) if "email" in kinds else []
            if _may_have_numbers(reading):
                places += self._numbers(reading.numerals)
            return earliest([reading.from_clean(*place) for place in places])

        return Probe(frozenset(signs), find)

    def _numbers(self, text: str) -> list[personal.Place]:
        found: list[personal.Place] = []
        if "card" in self.pii:
            found += personal.cards(text)
        if "iban" in self.pii:
            found += personal.ibans(text)
        for region in self.regions or (None,):
            if "phone" in self.pii:
                found += personal.phones(text, region)
            if region is not None and "national_id" in self.pii:
                found += national_ids.find(text, region)
        return found
