from dataclasses import replace

import pytest
import rehearsal
from elements import Elements

from ghigliottina.training.probe import Estimate
from ghigliottina.training.recipe import PRESETS
from ghigliottina.training.runs import RunState, Status
from ghigliottina.ui import train_render
from ghigliottina.ui.text import Language, say
from ghigliottina.ui.train_screen import preset_recipe
from ghigliottina.ui.watching import Watch
from ghigliottina.ui.workshop import Merging
from rewards import RUBRIC

IT, EN = Language.IT, Language.EN
EVIL = rehearsal.EVIL


def row(**changes):
    """One rollout."""
    rewards = dict.fromkeys(RUBRIC.names, 1.0) | {"semantic_similarity": None, "think_length": 0.25}
    first = {"group": 0, "clues": ["latte", "sole", "miele", "piena", "lupo"], "solution": "luna", "tokens": 61}
    return first | {"text": "soluzione: luna.", "rewards": rewards, "total": 3.5, "advantage": 0.0} | changes


def step(number, **figures):
    rewards = dict.fromkeys(RUBRIC.names, 0.5) | {"semantic_similarity": None}
    return {"event": "step", "step": number, "seconds": 6.0, "loss": 0.1, "reward": 2.0, "rewards": rewards} | figures


def sample(number, text, total):
    clues = ["burro", "forno", "grattugiato", "lievito", "companatico"]
    return {"event": "sample", "step": number, "clues": clues, "solution": "pane", "text": text, "total": total}


BARE = Watch("grpo-1", Status(RunState.RUNNING, steps=40), PRESETS["demo-10"], "", (), (), (), 0, "")
HALFWAY = replace(
    BARE,
    status=Status(RunState.RUNNING, step=20, steps=40),
    phase="rollouts",
    steps=[step(number) for number in range(1, 21)],
    samples=[sample(0, "soluzione: torta.", 0.5), sample(20, "soluzione: pane.", 4.25)],
    rollouts=[row(advantage=0.5), row(text=EVIL, total=0.25, advantage=-0.5)],
    rollouts_step=20,
)
STOPPED = replace(HALFWAY, status=Status(RunState.STOPPED, step=20, steps=40))
FAILED = replace(HALFWAY, status=Status(RunState.FAILED, "the disk is full", "disk_full", step=20, steps=40), log=EVIL)


def pictures(watch, language=IT):
    drawn = (train_render.run, train_render.learning, train_render.samples, train_render.rollouts)
    return [draw(watch, language) for draw in drawn]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "watch",
    [None, BARE, HALFWAY, FAILED, replace(BARE, recipe=None), replace(HALFWAY, recipe=None)],
    ids=["no run", "just begun", "halfway", "failed", "no recipe", "halfway without a recipe"],
)
def test_every_picture_is_well_formed_in_both_languages(watch, language):
    for picture in pictures(watch, language):
        Elements(picture)


def test_nothing_that_a_model_or_a_log_says_becomes_markup():
    evil = replace(
        FAILED,
        name=EVIL,
        samples=[sample(0, EVIL, 0.5) | {"clues": [EVIL], "solution": EVIL}],
        rollouts=[row(text=f"soluzione: {EVIL}", clues=[EVIL] * 5, solution=EVIL)],
        status=replace(FAILED.status, code="", reason=EVIL),
        merging=Merging("failed", EVIL),
    )
    for picture in pictures(evil):
        found = Elements(picture)
        assert not {"img", "script"} & set(found.tags)
        assert not {"onerror", "src"} & set(found.attributes)
    assert "&lt;img" in "".join(pictures(evil))


@pytest.mark.parametrize(
    ("watch", "said", "unsaid"),
    [
        (BARE, ["si allena", "passo 0 di 40"], ["mancano", "in tutto"]),
        (HALFWAY, ["Il modello prova a rispondere", "passo 20 di 40", "mancano circa 2 min"], ["in tutto"]),
        (
            replace(HALFWAY, status=Status(RunState.STOPPED, step=20, steps=40)),
            ["fermato", "2 min in tutto"],
            ["prova"],
        ),
        (replace(HALFWAY, phase="unheard of"), ["si allena"], ["phase_", "unheard"]),
        (FAILED, ["interrotto", "Il disco è pieno", "La fine del registro"], ["the disk is full"]),
        (replace(FAILED, log=""), ["Il disco è pieno"], ["registro"]),
        (replace(FAILED, status=replace(FAILED.status, code="odd")), ["The disk is full"], []),
        (replace(BARE, merging=Merging("running", "logits 40 %")), ["Unisce", "logits 40 %"], []),
        (replace(BARE, merging=Merging("done", "")), ["ora è nell’elenco"], []),
    ],
    ids=["begun", "halfway", "stopped", "odd phase", "failed", "public", "odd code", "merging", "merged"],
)
def test_the_state_of_a_run_in_words(watch, said, unsaid):
    picture = train_render.run(watch, IT)
    assert all(words in picture for words in said)
    assert not any(words in picture for words in unsaid)


def test_every_curve_has_a_sentence_and_words_for_those_who_cannot_see_it():
    more = {"length": 60.0, "entropy": 1.0, "no_signal": 0.5, "clipped": 0.0}
    picture = train_render.learning(replace(HALFWAY, steps=[step(1, **more), step(2, **more, reward=3.0)]), IT)
    curves = ["reward", *(n for n in RUBRIC.names if n != "semantic_similarity"), *more, "loss"]
    assert picture.count("<figure") == len(curves)
    assert "Ricompensa totale: 2,00 al passo 1, 3,00 al passo 2; la più bassa 2,00, la più alta 3,00." in picture
    assert "su 4,75" in picture
    for name in set(curves) - {"loss", "reward"}:
        assert say(f"curve_{name}_means", IT) in picture


@pytest.mark.parametrize(("method", "said"), [("grpo", "Nel GRPO resta attorno"), ("sft", "lo sorprendono ancora")])
def test_the_loss_means_something_else_for_each_method(method, said):
    assert said in train_render.learning(replace(HALFWAY, recipe=replace(PRESETS["sft"], method=method)), IT)


def test_best_and_worst_are_marked_once():
    rows = [row(advantage=value) for value in (0.2, -0.7, 1.1, 1.1, -0.7)]
    picture = train_render.rollouts(replace(HALFWAY, rollouts=rows), IT)
    assert picture.count("la migliore") == picture.count("la peggiore") == 1
    assert "+1,10" in picture and "−0,70" in picture
    assert "Lunghezza del pensiero" in picture and "Vicinanza di senso" not in picture, (
        "what nobody judged has no column"
    )


def test_a_group_where_all_are_alike_says_so():
    rows = [row(), row(), row(group=1, advantage=1), row(group=1, advantage=-1)]
    picture = train_render.rollouts(replace(HALFWAY, rollouts=rows), IT)
    assert picture.count("non si impara") == picture.count("la migliore") == 1


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([sample(0, "soluzione: torta.", 0.5)], ["torta", "0,50 punti su 4,75", "arriva fra qualche passo"]),
        ([sample(0, "niente", 0), sample(5, "soluzione: pane.", 4)], ["Nessuna risposta", "Al passo 5", "pane"]),
        ([sample(5, "soluzione: pane.", 4)], ["Al passo 5"]),
    ],
    ids=["only before", "before and after", "only after"],
)
def test_before_and_after(samples, said):
    picture = train_render.samples(replace(HALFWAY, samples=samples), IT)
    assert all(words in picture for words in said)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1 h 30 min"), (90_000, "25 h 0 min")],
)
def test_a_time_as_people_say_it(seconds, said):
    assert train_render.duration(seconds, IT) == said


@pytest.mark.parametrize(
    ("estimate", "measuring", "said", "unsaid"),
    [
        (None, False, "ancora non misurati", "troppa"),
        (None, True, "Misura in corso", "ancora non"),
        (Estimate(7.25, 3_000_000_000), False, "7,2 s. Tutto: 5 min. Memoria: 3,0 GB su 16,0.", "È più memoria"),
        (Estimate(7.25, 17_000_000_000), False, "È più memoria di quanta ce n’è", "misurati"),
    ],
    ids=["unknown", "measuring", "fits", "does not fit"],
)
def test_the_plan_says_the_command_and_the_cost(estimate, measuring, said, unsaid):
    recipe = preset_recipe("demo-10", ["mine; rm -rf ~"])
    picture = train_render.plan(recipe, estimate, measuring, 16_000_000_000, IT)
    assert said in picture and unsaid not in picture
    assert "--start &#x27;mine; rm -rf ~&#x27;" in picture, "quoted for the shell, escaped for the page"
