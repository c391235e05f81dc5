"""When two language tags mean the same for those who speak: `pt` and `pt-BR` do."""


def primary(tag: str) -> str:
    """Return the first part of a language tag (BCP 47), in lower case."""
    return tag.partition("-")[0].lower()
