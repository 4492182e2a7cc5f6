"""Pictures of a run in HTML: pure functions, everything from models escaped by `tag`."""

import shlex

from ghigliottina.training.probe import Estimate
from ghigliottina.training.recipe import Recipe, command
from ghigliottina.training.runs import Run, RunState, Status
from ghigliottina.ui import curves
from ghigliottina.ui.failures import reason
from ghigliottina.ui.markup import Html, join, tag
from ghigliottina.ui.tables import bar
from ghigliottina.ui.text import TEXTS, Language, number, say
from ghigliottina.ui.watching import Curve, Event, Watch, last_reward
from ghigliottina.ui.workshop import Merging
from rewards import RUBRIC, Completion

GIGABYTE = 1e9
SIGNAL = 1e-6
"""Advantages that differ by less are the same."""


# --- the order -------------------------------------------------------------------------------------------------------


def plan(recipe: Recipe, estimate: Estimate | None, measuring: bool, available: int, language: Language) -> Html:
    """The command that does the same, and what it will cost on this machine."""
    line = "python app.py " + shlex.join(command(recipe))
    return tag(
        "div",
        tag("p", say("command", language), class_="g-label"),
        tag("pre", tag("code", line), tabindex="0"),
        _cost(recipe, estimate, measuring, available, language),
        class_="g-plan",
    )


def _cost(recipe: Recipe, estimate: Estimate | None, measuring: bool, available: int, language: Language) -> Html:
    if measuring:
        return tag("p", tag("span", class_="g-dot"), " ", say("measuring", language), class_="g-hint")
    if estimate is None:
        return tag("p", say("estimate_none", language), class_="g-hint")
    text = say(
        "estimate",
        language,
        seconds=number(estimate.seconds_per_step, language, 1),
        time=duration(estimate.seconds_per_step * recipe.steps, language),
        memory=number(estimate.peak_bytes / GIGABYTE, language, 1),
        available=number(available / GIGABYTE, language, 1),
    )
    tight = estimate.peak_bytes > available
    return join(tag("p", text), tag("p", say("estimate_tight", language), class_="g-bad") if tight else "")


def starting(language: Language) -> Html:
    """While a process gets under way."""
    return tag("p", tag("span", class_="g-dot"), " ", say("starting", language), class_="g-hint", role="status")


def busy(training: bool, language: Language) -> Html:
    """A line for the tab *Risolvi* while something trains."""
    return tag("p", say("busy_training", language), class_="g-hint") if training else Html()


def duration(seconds: float, language: Language) -> str:
    """A time as people say it: 40 s, 12 min, 3 h 20 min."""
    if seconds < 90:
        return say("time_seconds", language, seconds=round(seconds))
    minutes = round(seconds / 60)
    if minutes < 90:
        return say("time_minutes", language, minutes=minutes)
    return say("time_hours", language, hours=minutes // 60, minutes=minutes % 60)


# --- the run: its state, its progress, the curve that counts ---------------------------------------------------------


def run(watch: Watch | None, language: Language) -> Html:
    """How it stands: state and phase, step and time left, and if it failed why."""
    if watch is None:
        return tag("p", say("run_none", language), class_="g-hint")
    status = watch.status
    state = tag("strong", say(f"state_{status.state}", language), class_="g-state")
    share = status.step / status.steps if status.steps else 0.0
    return tag(
        "div",
        tag("p", state, tag("span", watch.name, class_="g-name"), _phase(watch, language), class_="g-run-head"),
        tag("p", bar(share), tag("span", _progress(watch, language)), class_="g-progress"),
        _why(watch, language),
        _merge(watch.merging, language) if watch.merging else "",
        class_="g-run",
        data_state=status.state,
    )


def _phase(watch: Watch, language: Language) -> Html:
    key = f"phase_{watch.phase}"
    if not watch.alive or key not in TEXTS:
        return Html()
    return tag("span", tag("span", class_="g-dot"), " ", say(key, language), class_="g-phase")


def _progress(watch: Watch, language: Language) -> str:
    parts = [say("step_of", language, step=watch.status.step, steps=watch.status.steps)]
    if watch.seconds_left is not None:
        parts.append(say("left", language, time=duration(watch.seconds_left, language)))
    elif watch.seconds and not watch.alive:
        parts.append(say("took", language, time=duration(watch.seconds, language)))
    return " · ".join(parts)


def _why(watch: Watch, language: Language) -> Html:
    if watch.status.state is not RunState.FAILED:
        return Html()
    log = tag("details", tag("summary", say("log", language)), tag("pre", watch.log, lang="en", tabindex="0"))
    text = reason(watch.status.code, watch.status.reason, language)
    return tag("div", tag("p", text), log if watch.log else "", class_="g-problem", role="alert")


def _merge(merging: Merging, language: Language) -> Html:
    dot = tag("span", class_="g-dot") if merging.state == "running" else ""
    text = say(f"merge_{merging.state}", language)
    return tag("p", dot, text, " ", tag("small", merging.said, lang="en"), class_="g-merge", data_state=merging.state)


def row(run: Run, status: Status, language: Language) -> str:
    """A run in the list of all of them: plain text."""
    state = say(f"state_{status.state}", language)
    text = say("history_row", language, name=run.name, state=state, step=status.step, steps=status.steps)
    reward = last_reward(run)
    return text if reward is None else text + say("history_reward", language, reward=number(reward, language))


# --- the curves ------------------------------------------------------------------------------------------------------


def learning(watch: Watch | None, language: Language) -> Html:
    """Every curve with the sentence that says what it means; the total first, and larger."""
    if watch is None:
        return Html()
    drawn = [_curve(curve, watch, language) for curve in watch.curves()]
    if not drawn:
        return tag("p", say("curves_none", language), class_="g-hint") if watch.alive else Html()
    heading = tag("h2", say("curves", language))
    hint = tag("p", say("curves_hint", language), class_="g-hint")
    return tag("section", heading, hint, tag("div", *drawn, class_="g-curves"), class_="g-learning")


def _curve(curve: Curve, watch: Watch, language: Language) -> Html:
    own = curve.name in RUBRIC.names
    title = say(f"reward_{curve.name}" if own else f"curve_{curve.name}", language)
    which = f"loss_{watch.recipe.method if watch.recipe else 'grpo'}" if curve.name == "loss" else curve.name
    meaning = say(f"curve_{which}_means", language, maximum=number(watch.maximum, language))
    return curves.figure(curve, title, meaning, curves.horizon(curve, watch.status.steps), language)


# --- before and after ------------------------------------------------------------------------------------------------


def samples(watch: Watch | None, language: Language) -> Html:
    """The fixed puzzle's answer before training and now, side by side."""
    if watch is None or not watch.samples:
        return Html()
    first, last = watch.samples[0], watch.samples[-1]
    later = _sample(last, watch, language) if last["step"] > first["step"] else ""
    awaited = tag("p", say("sample_awaited", language), class_="g-hint") if watch.alive and not later else ""
    clues = ", ".join(first.get("clues", ()))
    hint = say("samples_hint", language, clues=clues, solution=first.get("solution", ""))
    return tag(
        "section",
        tag("h2", say("samples", language)),
        tag("p", hint, class_="g-hint"),
        tag("div", _sample(first, watch, language), later or awaited, class_="g-pair"),
        class_="g-samples",
    )


def _sample(sample: Event, watch: Watch, language: Language) -> Html:
    step, total = sample["step"], float(sample.get("total") or 0.0)
    heading = say("sample_at", language, step=step) if step else say("sample_before", language)
    points = say("points_of", language, total=number(total, language), maximum=number(watch.maximum, language))
    return tag(
        "article",
        tag("h3", heading),
        tag("p", tag("strong", answer(sample) or say("answer_none", language), lang="it"), class_="g-said"),
        tag("p", bar(total / watch.maximum if watch.maximum else 0.0), tag("span", points), class_="g-points"),
        tag("pre", sample.get("text", ""), lang="it", tabindex="0"),
    )


def answer(row: Event) -> str:
    """The word that a text ends in; empty if it has none."""
    return Completion.parse(row.get("text", "")).answer


# --- the rollouts ----------------------------------------------------------------------------------------------------


def rollouts(watch: Watch | None, language: Language) -> Html:
    """Every answer of a step, by puzzle, with what each reward pays and how it compares with the others."""
    if watch is None or watch.recipe is None or watch.recipe.method != "grpo" or not watch.steps:
        return Html()
    groups = [_group(number, rows, language) for number, rows in watch.groups()]
    hint = say("rollouts_hint" if groups else "rollouts_none", language)
    return tag("section", tag("p", hint, class_="g-hint"), *groups, class_="g-rollouts")


def _group(group: int, rows: list[Event], language: Language) -> Html:
    advantages = [float(row["advantage"]) for row in rows]
    flat = max(advantages) - min(advantages) < SIGNAL
    best, worst = advantages.index(max(advantages)), advantages.index(min(advantages))
    marks = {} if flat else {best: "best", worst: "worst"}
    names = [name for name in RUBRIC.names if any(row["rewards"].get(name) is not None for row in rows)]
    heads = [
        tag("th", say("answer_word", language), scope="col"),
        *(tag("th", tag("span", say(f"reward_{name}", language)), scope="col", class_="g-tilt") for name in names),
        tag("th", say("total", language), scope="col"),
        tag("th", say("advantage", language), scope="col"),
    ]
    body = [part for place, row in enumerate(rows) for part in _rollout(row, names, marks.get(place, ""), language)]
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body))
    title = f"g-group-{group}"
    return tag(
        "section",
        tag("h3", say("group", language, group=group + 1, clues=", ".join(rows[0]["clues"])), id=title),
        tag("p", say("group_solution", language, solution=rows[0].get("solution") or "?")),
        tag("p", say("group_flat", language), class_="g-hint") if flat else "",
        # It scrolls sideways on a phone, by keys too.
        tag("div", table, class_="g-wide", role="region", aria_labelledby=title, tabindex="0"),
    )


def _rollout(row: Event, names: list[str], mark: str, language: Language) -> list[Html]:
    """Two rows of the table: the figures, and below them the text in a fold."""
    word = tag("b", answer(row) or say("answer_none", language), lang="it")
    badge = tag("span", say(mark, language), class_="g-badge") if mark else ""
    cells = [_heat(row["rewards"].get(name), language) for name in names]
    advantage = float(row["advantage"])
    sign = "plus" if advantage > SIGNAL else "minus" if advantage < -SIGNAL else None
    written = ("+" if sign == "plus" else "") + number(advantage, language)
    figures = tag(
        "tr",
        tag("th", word, " ", badge, scope="row"),
        *cells,
        tag("td", number(float(row["total"]), language), class_="g-sum"),
        tag("td", written, class_=sign),
        class_=f"g-{mark}" if mark else None,
    )
    tokens = tag("span", say("tokens", language, tokens=row.get("tokens", "?")), class_="g-note")
    fold = tag(
        "details", tag("summary", say("text", language), " · ", tokens), tag("pre", row.get("text", ""), lang="it")
    )
    return [figures, tag("tr", tag("td", fold, colspan=len(names) + 3), class_="g-fold")]


def _heat(value: float | None, language: Language) -> Html:
    if value is None:
        return tag("td", "–")
    text = number(value, language, 0 if value in (0, 1) else 2)
    return tag("td", text, class_="g-heat", style=f"--heat:{max(0.0, min(1.0, value)):.0%}")
