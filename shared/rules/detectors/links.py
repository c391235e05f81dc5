"""The detector for links by where they lead."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.rules.detectors.model import Model, earliest
from shared.rules.draft import Span
from shared.rules.links import host_of
from shared.rules.plan import Plan, Probe
from shared.rules.reading import Reading


def _domain(value: str) -> str:
    host = host_of(value)
    plain = value.strip(". ").casefold()
    if host is None or "." not in host or any(sign in plain for sign in "/:@*?# "):
        raise PydanticCustomError("domain", "Give a plain domain such as example.org; its subdomains are included.")
    return value


def _has_links(reading: Reading) -> bool:
    return bool(reading.links)


class Domains(Model):
    """Domains, each with its subdomains; `never` finds links to them, `only` finds links to any other."""

    domains: Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], Field(min_length=1, max_length=2000)]
    mode: Literal["only", "never"] = "never"


class LinksDetector(Model):
    """Links by where they lead, in the text or attached to it."""

    links: Domains

    def compile(self, plan: Plan, *, strict: bool) -> Probe:  # noqa: ARG002 - hosts are compared in one form anyway
        """See `Probe`."""
        domains = frozenset(map(host_of, self.links.domains))
        only = self.links.mode == "only"

        def matches(host: str, *, sure: bool) -> bool:
            labels = host.split(".")
            listed = any(".".join(labels[at:]) in domains for at in range(len(labels)))
            return sure and not listed if only else listed

        def find(reading: Reading) -> Span | None:
            return earliest([span for span, host, sure in reading.links if matches(host, sure=sure)])

        return Probe(frozenset([plan.when(_has_links)]), find)
