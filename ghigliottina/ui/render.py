"""Pictures of our values in HTML: pure functions, everything from people and models escaped by `tag`."""

import re

from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.host import State
from ghigliottina.prompt import NO_LINK
from ghigliottina.solver import Attempt, Origin
from ghigliottina.ui.markup import Html, join, tag
from ghigliottina.ui.playing import Moment
from ghigliottina.ui.text import Language, failure, number, say
from rewards import Breakdown, Completion, Score
from rewards.rubric import Detail
from rewards.words import fold

TOP = 10
"""How many words of the ranking are shown."""
CLUES = 5


# --- the board: five links, their threads, the blade with the answer, and who says so -----------------------------


def board(moment: Moment | None, language: Language) -> Html:
    """The emblem of the page: five links that come together in one golden word."""
    attempt = moment.attempt if moment else None
    kinds = [kind for _, _, kind in links(attempt)] if attempt else ["open"] * CLUES
    cells = [_link(*link, attempt, language) for link in links(attempt)] if attempt else []
    state = "idle" if attempt is None else "done" if attempt.done else "busy"
    return tag(
        "div",
        tag("ul", *cells, class_="g-links", aria_label=say("links", language)) if cells else "",
        _threads(kinds),
        _blade(attempt, language),
        class_="g-board",
        data_state=state,
    )


def links(attempt: Attempt) -> list[tuple[str, str, str]]:
    """For each clue (clue, phrase, kind): linked by the graph, claimed by the model alone, unlinked, or open yet."""
    known = attempt.backing.links if attempt.backing else {}
    claimed = {fold(clue): phrase for clue, phrase in attempt.completion.lines if fold(phrase) != fold(NO_LINK)}
    found = []
    for clue in attempt.puzzle.clues:
        if phrase := known.get(clue):
            found.append((clue, phrase, "linked"))
        elif phrase := claimed.get(fold(clue)):
            found.append((clue, phrase, "claimed"))
        else:
            found.append((clue, "", "unlinked" if attempt.done else "open"))
    return found


def _link(clue: str, phrase: str, kind: str, attempt: Attempt, language: Language) -> Html:
    mark = {"linked": "✓", "claimed": "?", "unlinked": "–", "open": "·"}[kind]
    note = say(kind, language) if attempt.done else ""
    return tag(
        "li",
        tag("span", mark, class_="g-mark", aria_hidden="true"),
        tag("span", clue, class_="g-clue"),
        tag("span", _emphasised(phrase, attempt.completion.answer), class_="g-phrase", lang="it") if phrase else "",
        tag("span", note, class_="g-note" if kind != "linked" else "g-unseen") if note else "",
        class_=kind,
    )


def _emphasised(phrase: str, word: str) -> Html:
    """The phrase with the answer in it set apart, where it stands there letter by letter."""
    at = re.search(rf"\b{re.escape(word)}\b", phrase, re.IGNORECASE) if word else None
    return join(phrase[: at.start()], tag("b", at.group()), phrase[at.end() :]) if at else join(phrase)


def _threads(kinds: list[str]) -> Html:
    starts = range(100, 1000, 200)
    paths = [tag("path", d=f"M{x} 0C{x} 34 500 22 500 64", class_=kind) for x, kind in zip(starts, kinds, strict=True)]
    return tag("svg", *paths, class_="g-threads", viewBox="0 0 1000 64", preserveAspectRatio="none", aria_hidden="true")


def _blade(attempt: Attempt | None, language: Language) -> Html:
    answer = attempt.completion.answer if attempt else ""
    label = "answer" if answer else "answer_none" if attempt and attempt.done else "answer_awaited"
    size = next((name for name, most in (("short", 9), ("medium", 16), ("long", 40)) if len(answer) <= most), "flood")
    word = tag("strong", answer or "?", class_="g-word", lang="it", data_size=size)
    blade = tag("div", tag("span", say(label, language), class_="g-blade-label"), word, class_="g-blade")
    return tag("div", blade, class_="g-frame")


# --- the status: what is going on, the clock, and in the end who says so and how sure ------------------------------


def status(moment: Moment | None, language: Language) -> Html:
    """Below the board: while it runs what is being done and a clock, then whose word it is and how sure."""
    if moment is None:
        return tag("p", say("board_hint", language), class_="g-hint")
    attempt = moment.attempt
    seconds = number(attempt.seconds, language, 1 if attempt.seconds >= 1 or not attempt.done else 2)
    if not attempt.done:
        clock = say("seconds", language, seconds=seconds)
        running = tag("span", clock, class_="g-clock", data_running=f"{attempt.seconds:.1f}")
        return tag("p", tag("span", class_="g-dot"), tag("span", _doing(moment, language)), running, class_="g-status")
    how = f"cut_{attempt.cut}" if attempt.cut else "answer_in" if attempt.completion.answer else "ended_in"
    return tag(
        "div",
        _verdict(moment, language),
        _tone(attempt, language) if attempt.completion.answer else "",
        tag("p", tag("span", origin(attempt, language)), " ", tag("span", say(how, language, seconds=seconds) + ".")),
        class_="g-outcome",
    )


def _doing(moment: Moment, language: Language) -> str:
    completion = moment.attempt.completion
    if moment.model is not None:
        return say(f"busy_{moment.model.phase}", language, percent=round(moment.model.done * 100))
    if moment.ahead:
        return say("busy_line", language, ahead=moment.ahead)
    stage = "busy_answering" if completion.closed else "busy_thinking" if completion.text else "busy_reading"
    return say(stage, language)


def origin(attempt: Attempt, language: Language) -> str:
    """Who says so: the first of the ranking, another candidate, or the model alone."""
    if attempt.origin is not Origin.CANDIDATE or attempt.evidence is None or attempt.backing is None:
        return say(f"origin_{attempt.origin}", language)
    ranked = attempt.evidence.candidates
    return say("origin_candidate", language, rank=ranked.index(attempt.backing) + 1, first=ranked[0].word)


def _tone(attempt: Attempt, language: Language) -> Html:
    known = attempt.backing is not None
    chance = tag("span", say("chance", language, percent=round(attempt.confidence * 100))) if known else ""
    return tag(
        "p",
        tag("span", *(tag("i") for _ in range(4)), class_="g-bars", aria_hidden="true"),
        tag("strong", say(f"tone_{attempt.tone}", language)),
        chance,
        class_="g-tone",
        data_tone=attempt.tone,
    )


def _verdict(moment: Moment, language: Language) -> Html:
    solution = moment.attempt.puzzle.solution
    if solution is None or moment.breakdown is None:
        return Html()
    right = any(score.name == "exact_match" and score.value == 1 for score in moment.breakdown.scores)
    text = say("right", language) if right else say("wrong", language, solution=solution)
    mark = tag("span", "✓ " if right else "✗ ", aria_hidden="true")
    return tag("p", mark, text, class_="g-verdict", data_right=str(right).lower())


def spoken(moment: Moment | None, language: Language) -> Html:
    """What a screen reader says as soon as the answer is there. Always the same element: only its text is news."""
    text = ""
    if moment and moment.attempt.done:
        answer, tone = moment.attempt.completion.answer, say(f"tone_{moment.attempt.tone}", language)
        text = say("spoken", language, answer=answer, tone=tone) if answer else say("answer_none", language)
    return tag("p", text, role="status")


# --- the reasoning and the raw text ---------------------------------------------------------------------------------


def thought(moment: Moment | None, language: Language) -> Html:
    """The reasoning as it grows: a line for each step, the clue it speaks of set apart."""
    lines = moment.attempt.completion.think.splitlines() if moment else []
    if not lines:
        return tag("p", say("thought_awaited", language), class_="g-hint")
    return tag("div", *(_step(line) for line in lines if line.strip()), class_="g-thought", lang="it")


def _step(line: str) -> Html:
    step = re.fullmatch(r"\s*[-*•]\s*([^:]{1,60}):(.*)", line)
    return tag("p", tag("b", step[1].strip()), " ", tag("span", step[2].strip())) if step else tag("p", line)


def raw(completion: Completion | None, language: Language) -> Html:
    """The text letter by letter, on demand."""
    if completion is None or not completion.text:
        return Html()
    summary = tag("summary", say("raw", language))
    hint = tag("p", say("raw_hint", language), class_="g-hint")
    return tag("details", summary, hint, tag("pre", completion.text, lang="it"), class_="g-raw")


# --- the ranking ----------------------------------------------------------------------------------------------------


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
    pairs = [tag("div", tag("dt", c), tag("dd", _emphasised(p, candidate.word) if p else "–")) for c, p in phrases]
    return tag("li", tag("details", summary, tag("dl", *pairs, lang="it")))


# --- the rewards ----------------------------------------------------------------------------------------------------


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
        _bar(breakdown.total / breakdown.maximum if breakdown.maximum else 0.0),
        class_="g-total",
    )


def _reward(score: Score, language: Language) -> Html:
    name, reason = tag("span", say(f"reward_{score.name}", language)), tag("small", why(score, language))
    if score.value is None:
        value, points = tag("td", say("unjudged", language)), tag("td", "—")
    else:
        value = tag("td", _bar(score.value), number(score.value, language))
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
    if details.get("missing"):
        key += "_missing"
    if score.details.get("surplus"):
        key += "_after" if score.name == "strict_xml_count" else "_surplus"
    return say(key, language, **details)


def _detail(value: Detail, language: Language) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return number(value, language) if isinstance(value, float) else str(value)


def _bar(share: float) -> Html:
    return tag("span", tag("i", style=f"width:{max(0.0, min(1.0, share)):.1%}"), class_="g-bar", aria_hidden="true")


# --- small things ---------------------------------------------------------------------------------------------------


def problem(text: str, language: Language) -> Html:
    """What went wrong, said to the visitor."""
    return tag("div", tag("strong", say("error", language)), " ", tag("span", text), class_="g-problem", role="alert")


def model(state: State | None, language: Language) -> Html:
    """How the model is: a word, and a bar while it gets ready. None: there is no model."""
    if state is None:
        return tag("p", say("model_none", language), class_="g-model", data_phase="none")
    reason = failure(state.error, language) if state.error else ""
    sentence = say(f"model_{state.phase}", language, percent=round(state.done * 100), reason=reason)
    moving = state.phase in ("preparing", "loading")
    bar = join(_bar(state.done), tag("span", say("model_meanwhile", language))) if moving else Html()
    lamp = tag("span", class_="g-lamp", aria_hidden="true")
    return tag("p", lamp, tag("span", sentence), bar, class_="g-model", data_phase=state.phase)


def header(logo: Html, language: Language) -> Html:
    """The sign above the door."""
    words = tag("div", tag("h1", say("title", language)), tag("p", say("tagline", language)))
    return tag("div", logo, words, class_="g-header")


def label(key: str, language: Language) -> Html:
    """A few words in front of a row."""
    return tag("span", say(key, language), class_="g-label")
