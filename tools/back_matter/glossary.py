"""The glossary: terms and what they mean, a part's in ``book/back/glossary/<part>.yml``."""

from tools.back_matter.chapters import by_part
from tools.paths import BOOK

SOURCE = BOOK / "back" / "glossary"


def load() -> dict[str, str]:
    """Return all terms with their meaning, in the order of the alphabet; a term stands in one part."""
    found = [(term, text) for terms in by_part(SOURCE).values() for term, text in terms.items()]
    if len(dict(found)) < len(found):
        raise ValueError(
            f"{SOURCE.name}/: {[t for t in dict(found) if [n for n, _ in found].count(t) > 1]} stand twice"
        )
    return dict(sorted(found, key=lambda row: row[0].lower()))


def page() -> str:
    """Return the terms as a glossary in Markdown."""
    return "```{glossary}\n" + "\n\n".join(f"{term}\n  {text}" for term, text in load().items()) + "\n```\n"
