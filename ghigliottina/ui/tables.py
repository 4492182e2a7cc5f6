"""The two tables of the page: the ranking with its phrases, and what every reward pays."""

import re

from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.ui.markup import Html, join, tag
from ghigliottina.ui.text import Language, number, say
from rewards import Breakdown, Score
from rewards.rubric import Detail

TOP = 10
"""How many words of the ranking are shown."""


def ranking(evidence: Evidence | None, language: Language) -> Html:
    """The best words, a tick for each clue they link to; a word opens to show its phrases."""
    if evidence is None:
        return Html()
    rows = [_candidate(place, row, language) for place, row in enumerate(evidence.candidates[:TOP], start=1)]
    body = tag("ol", *rows) if rows else tag("p", say("ranking_none", language))
    hint = tag("p", say("ranking_hint", language), class_="g-hint") if rows else ""
    return tag("section", tag("h2", say("ranking", language)), hint, body, class_="g-ranking")


def _candidate(place: int, candidate: Candidate, language: Language) -> Html:
    phrases = candidate.links.items()
    ticks = [tag("i", "✓" if phrase else "–", class_="on" if phrase else "off", title=clue) for clue, phrase in phrases]
    linked = say("ranking_linked", language, linked=candidate.linked, clues=len(ticks))
    summary = tag(
        "summary",
        tag("span", str(place), class_="g-place"),
        tag("strong", candidate.word, lang="it"),
        tag("span", *ticks, class_="g-ticks", aria_hidden="true"),
        tag("span", linked, class_="g-unseen"),
    )
    pairs = [tag("div", tag("dt", c), tag("dd", emphasised(p, candidate.word) if p else "–")) for c, p in phrases]
    return tag("li", tag("details", summary, tag("dl", *pairs, lang="it")))


def rewards(breakdown: Breakdown | None, language: Language) -> Html:
    """What every reward pays, why, and the total out of what could be earned."""
    if breakdown is None:
        return Html()
    unknown = any(score.why == "no_solution" for score in breakdown.scores)
    heads = [tag("th", say(key, language), scope="col") for key in ("reward", "value", "weight", "points")]
    rows = [_reward(score, language) for score in breakdown.scores]
    return tag(
        "section",
        tag("h2", say("rewards", language)),
        tag("p", say("rewards_hint", language), class_="g-hint"),
        _total(breakdown, language),
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows)),
        tag("p", say("rewards_unknown", language), class_="g-hint") if unknown else "",
        class_="g-rewards",
    )


def _total(breakdown: Breakdown, language: Language) -> Html:
    total, maximum = number(breakdown.total, language), number(breakdown.maximum, language)
    return tag(
        "p",
        tag("span", say("total", language)),
        tag("strong", say("out_of", language, total=total, maximum=maximum)),
        bar(breakdown.total / breakdown.maximum if breakdown.maximum else 0.0),
        class_="g-total",
    )


def _reward(score: Score, language: Language) -> Html:
    name, reason = tag("span", say(f"reward_{score.name}", language)), tag("small", why(score, language))
    if score.value is None:
        value, points = tag("td", say("unjudged", language)), tag("td", "—")
    else:
        value = tag("td", bar(score.value), number(score.value, language))
        points = tag("td", number(score.points, language))
    weight = tag("td", f"× {number(score.weight, language)}")
    off = "off" if score.value is None else None
    return tag("tr", tag("th", name, reason, scope="row"), value, weight, points, class_=off)


def why(score: Score, language: Language) -> str:
    """The sentence that explains a score."""
    if not score.why:
        return ""
    key = f"why_{score.why}"
    details = {name: _detail(value, language) for name, value in score.details.items()}
    if details.get("guessed"):
        key += "_guessed"
    elif details.get("missing"):
        key += "_missing"
    if score.details.get("surplus"):
        key += "_after" if score.name == "strict_xml_count" else "_surplus"
    return say(key, language, **details)


def _detail(value: Detail, language: Language) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return number(value, language) if isinstance(value, float) else str(value)


def emphasised(phrase: str, word: str) -> Html:
    """The phrase with the word in it set apart: *luna* in “luna di miele”, *neve* in “Biancaneve”."""
    plain = re.escape(word)
    at = re.search(rf"\b{plain}\b", phrase, re.IGNORECASE) or re.search(rf"\b{plain}|{plain}\b", phrase, re.IGNORECASE)
    return join(phrase[: at.start()], tag("b", at.group()), phrase[at.end() :]) if word and at else join(phrase)


def bar(share: float) -> Html:
    """A bar that is filled to this share of its length; for the eye only, the number stands beside it."""
    return tag("span", tag("i", style=f"width:{max(0.0, min(1.0, share)):.1%}"), class_="g-bar", aria_hidden="true")
