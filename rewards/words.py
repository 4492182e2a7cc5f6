"""Italian words as people type them: what is spelled alike, and what counts as the same word."""

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """The key under which spellings meet: lower case, no accents, plain apostrophes, one space between words.

    >>> fold("  Perché "), fold("L’ORO")
    ('perche', "l'oro")
    """
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'").replace("‘", "'").replace("`", "'"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", kept).strip()
