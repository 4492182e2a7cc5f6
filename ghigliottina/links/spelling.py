"""How Italian is spelled, as far as checking a link needs it: accents, proper names, inflected and cut forms."""

import re
from functools import lru_cache

from rewards.words import fold

_ACCENTED = (
    "affinché anziché benché cosicché finché fuorché perché poiché purché sicché ventitré trentatré viceré "
    "caffè cioè ahimè così già giù laggiù lassù quassù più può lunedì martedì mercoledì giovedì venerdì mezzodì "
    "città civiltà libertà verità realtà velocità università società qualità pubblicità proprietà profondità gravità "
    "parità facoltà fedeltà bontà virtù gioventù tribù tiramisù ragù"
).split()
"""Words that mean nothing, or hardly anything, without their accent. Not giacché, papà, però: giacche, papa, pero."""

_TILTED = str.maketrans("éèàìòù", "èéáíóú")
_SLIPS = {
    **{slip: w for w in _ACCENTED for slip in (fold(w), f"{fold(w)}'", w.translate(_TILTED))},
    **{"e'": "è", "é": "è", "nè": "né", "pò": "po'", "mò": "mo'", "qual'": "qual'"},
    **{"quì": "qui", "quà": "qua", "stà": "sta", "sù": "su"},
}
"""Wrong → right."""

_WORD = re.compile(r"[^\W\d_]+'?")
_NAMES = (
    "Adam Smith|Al Pacino|Alberto Sordi|Antonio De Curtis|Baglioni|Bennato|Bruno Martino|Carlo Levi|Celentano|"
    "De André|De Filippo|De Gregori|De Nicola|Di Canio|Di Pietro|Enrico IV|Euro Disney|Fabrizio De André|Fellini|"
    "Gassman|Iva Zanicchi|Jovanotti|Kubrick|Ligabue|Lino Banfi|Mameli|Manzoni|Marco Polo|Mario Del Monaco|"
    "Mary Poppins|Mike Bongiorno|Modugno|New York|Paolo Di Canio|Paolo Villaggio|Peppino Impastato|Peter Pan|Puccini|"
    "Renzo Arbore|Robert Redford|Rossini|San Francesco|San Gennaro|San Giorgio|San Martino|San Silvestro|Shakespeare|"
    "Sherlock Holmes|Spike Lee|Tom Cruise|Woody Allen"
)
"""Names that authors have begun a phrase with in lower case, and that are no common words too, as falcone is."""
_PROPER = {name.lower(): name for name in _NAMES.split("|")}
_NAME = re.compile(rf"\b(?:{'|'.join(sorted(_PROPER, key=len, reverse=True))})\b")

_FAMILIES = (
    "andare va vado vai vanno|fare fa fai faccio fanno fatto fece|dire di dico dice detto disse"
    "|volere vuol vuole voglio|essere sono sei era siamo stato fu c'è sarà sia|avere ho hai ha abbiamo hanno"
    "|potere può posso|sapere so sa sai|dare dà do dai da'|stare sta sto stai|dovere deve devo|uscire esce esci"
    "|bere beve bevi bevo bevetene|tenere tiene|venire viene vien vieni vengo|vivere vissi vissero vissuto"
    "|morire muore muoio muoiono muoia muori morto|vedere visto|sedere siede|aprire aperto|mettere messo|perdere perso"
    "|prendere preso|leggere letto|scrivere scritto|rompere rotto|nascere nato|correre corsa|chiudere chiuso"
    "|rimanere rimasto|agire agisce|uomo uomini|uovo uova|dio dei dea|bue buoi|me mi io|te ti tu|buono buon ben bene"
    "|bello bel bei begli|santo san|con col coi|su sul|succo sugo|soldato soldati surdato"
    "|diritto diritti dritto dritti|zero 0|uno primo 1 i|due secondo 2 ii|tre terzo 3 iii|quattro quarto 4 iv"
    "|cinque quinto 5 v|sei sesto 6 vi|sette settimo 7 vii|otto ottavo 8 viii|nove nono 9 ix|dieci decimo 10 x"
    "|dodici 12 xii|sedici sedicesimo 16 xvi|venti 20"
)
"""Forms of one word that no common stem shows."""
_FAMILY: dict[str, set[int]] = {}
for _number, _forms in enumerate(_FAMILIES.split("|")):
    for _form in _forms.split():
        _FAMILY.setdefault(fold(_form), set()).add(_number)


def respell(text: str) -> str:
    """Every word that has an accent too few, too many or the wrong way, written right.

    >>> respell("perchè piu' citta' un pò")
    "perché più città un po'"
    """
    if _SLIPS.keys().isdisjoint(_WORD.findall(text.lower())):
        return text
    return _WORD.sub(_right, text).replace("qual'è", "qual è")


def _right(match: re.Match[str]) -> str:
    right = _SLIPS.get(match[0].lower(), match[0])
    return right[0].upper() + right[1:] if match[0][0].isupper() else right


def accented(word: str, phrase: str) -> str:
    """The word with the final accent that its phrase writes it with.

    Only à, ù and -dì: a final ò or ì may be a past tense, and volò is no slip for volo.

    >>> accented("onesta", "l'onestà premia"), accented("onesta'", "onestà"), accented("onesta", "persona onesta")
    ('onestà', 'onestà', 'onesta')
    """
    bare = word.removesuffix("'")
    if phrase.isascii() or not bare.endswith(("a", "u", "di")):
        return word
    written = re.findall(r"[^\W\d_]+", phrase.lower())
    right = (w for w in written if w.endswith(("à", "ù", "dì")) and w[:-1] == bare[:-1] and w != bare)
    return word if bare in written else next(right, word)


def proper(phrase: str) -> str:
    """The phrase with capitals on the names that are no common words.

    >>> proper("fellini, La strada")
    'Fellini, La strada'
    """
    return _NAME.sub(lambda match: _PROPER[match[0]], phrase)


def mentions(phrase: str, word: str) -> bool:
    """Whether the phrase has the word: inflected (*a gambe levate*), cut (*mal di mare*), in another (*capolavoro*).

    More lenient than `rewards.words.names`, as plays on words are links too: an Italian who sees it must not be denied.
    """
    if len(word) > 2 and fold(word) in fold(phrase):
        return True
    written, wanted = _words(phrase), _words(word)
    if len(word) > 3 and "".join(wanted) in "".join(written):
        return True
    content = [w for w in wanted if len(w) > 2] or wanted
    return any(_kin(one, other) for one in content for other in written)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", fold(text).replace(".", ""))


@lru_cache(maxsize=262_144)
def _kin(word: str, written: str) -> bool:
    if word == written or not _FAMILY.get(word, set()).isdisjoint(_FAMILY.get(written, ())):
        return True
    if len(word) >= 3 and (word in written or _cut(word, written)):
        return True
    one, other = _stem(word), _stem(written)
    if len(one) < 3 or len(other) < 3:
        return one == other or (len(one) >= 3 and one in written)
    if one in written or (len(other) > 3 and other in word):
        return True
    start = max(3, min(len(one), len(other)) - 2, (max(len(one), len(other)) + 1) // 2)
    return one[:start] == other[:start]


def _cut(word: str, written: str) -> bool:
    return (len(written) >= 2 and word.startswith(written)) or (len(written) > 3 and word.endswith(written))


def _stem(word: str) -> str:
    bare = re.sub(r"(?<=..)(?:(?:ar|er|ir)e|[aeiou]+)$", "", word)
    return bare[:-1] if len(bare) > 2 and bare.endswith("h") else bare
