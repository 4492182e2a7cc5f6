"""Pictures of our values in HTML: pure functions, everything from people and models escaped by `tag`."""

import re

from ghigliottina.models.host import State
from ghigliottina.prompt import NO_LINK
from ghigliottina.solver import Attempt, Origin
from ghigliottina.ui.failures import failure
from ghigliottina.ui.markup import Html, join, tag
from ghigliottina.ui.playing import Moment
from ghigliottina.ui.tables import bar, emphasised
from ghigliottina.ui.text import Language, number, say
from rewards import Completion
from rewards.words import fold

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
        tag("span", emphasised(phrase, attempt.completion.answer), class_="g-phrase", lang="it") if phrase else "",
        tag("span", note, class_="g-note" if kind != "linked" else "g-unseen") if note else "",
        class_=kind,
    )


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
    progress = join(bar(state.done), tag("span", say("model_meanwhile", language))) if moving else ""
    lamp = tag("span", class_="g-lamp", aria_hidden="true")
    return tag("p", lamp, tag("span", sentence), progress, class_="g-model", data_phase=state.phase)


def header(logo: Html, language: Language) -> Html:
    """The sign above the door."""
    words = tag("div", tag("h1", say("title", language)), tag("p", say("tagline", language)))
    return tag("div", logo, words, class_="g-header")


def hint(key: str, language: Language) -> Html:
    """A sentence that helps."""
    return tag("p", say(key, language), class_="g-hint")


def label(key: str, language: Language) -> Html:
    """A few words in front of a row."""
    return tag("span", say(key, language), class_="g-label")
