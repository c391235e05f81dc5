"""What the brand is called: by its terms, the rule engine tells a mention of it from any other public post."""

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import bindparam, select

from services.monitoring.schemas.posts import PostIn
from services.monitoring.schemas.sources import BrandTermsIn, BrandTermsOut
from services.monitoring.tables import BrandTerms, metadata
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.rules import Draft, PlacedRule, Rule, RuleSet
from shared.statements import Prebuilt

THE_ROW = 1
ROW = metadata.tables["brand_terms"]
TERMS = Prebuilt(select(ROW.c.handles, ROW.c.names, ROW.c.tags).where(ROW.c.id == bindparam("id")))
"""Asked for each call that brings posts."""


def read(session: Session) -> BrandTermsOut:
    """Return the terms; those of nobody yet have the revision 0."""
    row = session.get(BrandTerms, THE_ROW)
    if row is None:
        return BrandTermsOut(handles=[], names=[], tags=[], changed_at=None, revision=0)
    return BrandTermsOut.model_validate(row)


def put(session: Session, body: BrandTermsIn, stated: int | None) -> BrandTermsOut:
    """Replace the terms; what comes in from now on is compared with these."""
    row = session.get(BrandTerms, THE_ROW, with_for_update=True)
    expect(row.revision if row is not None else 0, stated)
    if row is None:
        row = BrandTerms(id=THE_ROW, handles=[], names=[], tags=[], changed_at=session.now, revision=0)
        session.add(row)
    row.handles, row.names, row.tags = body.handles, body.names, body.tags
    row.changed_at, row.revision = session.now, row.revision + 1
    record(session, "brand_terms.change", "brand-terms", digest_of(body))
    session.flush()
    return BrandTermsOut.model_validate(row)


def are_set(session: Session) -> bool:
    """Say whether somebody said what the brand is called."""
    return bool(words(session))


def words(session: Session) -> tuple[str, ...]:
    """Return all terms."""
    row = TERMS.first(session, id=THE_ROW)
    return tuple(term for terms in row for term in terms) if row is not None else ()


def naming(session: Session, bodies: Sequence[PostIn]) -> list[PostIn]:
    """Return those posts that name the brand."""
    terms = words(session)
    if not terms or not bodies:
        return []
    found = compiled(terms).run_all([draft_of(body) for body in bodies])
    return [body for body, matches in zip(bodies, found, strict=True) if matches]


def draft_of(body: PostIn) -> Draft:
    """Return a public post as the rule engine reads it."""
    return Draft(body.text, network=body.network, language=body.lang)


@lru_cache(maxsize=4)
def compiled(terms: tuple[str, ...]) -> RuleSet:
    """Return the terms as the rule engine runs them."""
    source = {
        "id": "brand",
        "severity": "advise",
        "detect": {"words": list(terms)},
        "message": "Names the brand.",
        "examples": {"match": [terms[0]], "pass": ["…"]},
    }
    rule = Rule.from_yaml(json.dumps(source))
    return RuleSet.compile([PlacedRule(rule=rule, policy="brand", version=1, section="brand")])
