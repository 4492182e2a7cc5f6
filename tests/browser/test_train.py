"""The tab *Allena*, on trainings that are only played: real processes, locks and folders."""

import json
import re
import sys
import urllib.request
from dataclasses import replace

import pytest
import rehearsal
from axe_playwright_python.sync_playwright import Axe
from fake_worker import until
from playwright.sync_api import Page, expect
from served import served, workbench

from ghigliottina.training.probe import Probe
from ghigliottina.training.recipe import PRESETS, Recipe
from ghigliottina.training.runs import Runs, RunState
from ghigliottina.ui.workshop import Workshop

pytestmark = pytest.mark.browser

REHEARSAL = (sys.executable, "-m", "tests.rehearsal")
MERGER = (sys.executable, "-c", "import time; time.sleep(1); print('as like as two peas')")
SLOW = PRESETS["demo-10"].as_json() | {"learning_rate": 2e-4, "sample_every": 3, "save_every": 3}
"""A step takes 0.2 seconds."""
ENDLESS = Recipe.from_json(SLOW | {"steps": 5000})
SHORT = Recipe.from_json(SLOW | {"steps": 6, "learning_rate": 1e-6})


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    runs = Runs(tmp_path_factory.mktemp("home"), REHEARSAL)
    return Workshop(runs, allowed=True, gauge=Probe(runs), merger=MERGER)


@pytest.fixture(scope="module")
def url(workshop):
    with served(replace(workbench(workshop.runs.home), workshop=workshop)) as address:
        yield address


@pytest.fixture(autouse=True)
def _clean(workshop):
    yield
    for run in workshop.runs.all():
        workshop.runs.stop(run, discard=True)


@pytest.fixture
def train(visit):
    """Opens the tab as a new visitor."""

    def open_tab(**look) -> Page:
        page = visit(**look)
        page.get_by_role("tab", name="Allena").click()
        return page

    return open_tab


def ended(workshop, recipe=SHORT):
    """A run that has come to its end; played here, as a process takes its time to start."""
    run = workshop.runs.create(recipe)
    rehearsal.train(run, None, None, lambda: "")
    run.write_status(state=RunState.FINISHED)
    return run


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def says(page: Page, *texts: str) -> None:
    for text in texts:
        expect(page.locator("#g-run")).to_contain_text(text, timeout=20_000)


def goes_on(page: Page) -> None:
    """Wait until the page tells of a later step than now."""
    shown = page.locator(".g-progress")
    expect(shown).to_contain_text(re.compile(r"passo [1-9]"), timeout=20_000)
    expect(shown).not_to_contain_text(re.search(r"passo \d+ di", shown.inner_text())[0], timeout=20_000)


def test_a_training_is_ordered_watched_stopped_resumed_and_thrown_away(train, workshop):
    page = train()
    says(page, "Ancora nessun allenamento")
    expect(page.locator("#g-plan")).to_contain_text(
        "python app.py train --method grpo --preset demo-2 --start recitante"
    )
    page.get_by_label("Passi", exact=True).fill("5000")
    page.get_by_role("button", name="Per esperti").click()
    page.get_by_label("Tasso di apprendimento").fill("0.0002")
    expect(page.locator("#g-plan")).to_contain_text("--steps 5000")
    press(page, "Allena")
    says(page, "si allena", "di 5000", "mancano circa")
    (run,) = workshop.runs.all()
    assert (run.recipe.start, run.recipe.steps, run.recipe.learning_rate) == ("recitante", 5000, 0.0002)
    expect(page.locator("[data-curve=reward] svg")).to_have_attribute("aria-label", re.compile("^Ricompensa totale:"))
    expect(page.locator("#g-rollouts")).to_contain_text("Soluzione: luna")
    goes_on(page)

    press(page, "Ferma e salva")
    says(page, "fermato")
    assert run.status.state is RunState.STOPPED
    saved = run.status.step
    expect(page.get_by_role("button", name="Ferma e salva")).to_be_disabled()
    press(page, "Riprendi")
    says(page, "si allena")
    assert run.steps()[saved - 1]["step"] == saved, "the curve goes on"

    press(page, "Scarta")
    press(page, "No, tienilo")
    expect(page.get_by_role("button", name="Sì, butta via tutto")).to_be_hidden()
    assert run.folder.is_dir()
    press(page, "Scarta")
    press(page, "Sì, butta via tutto")
    says(page, "Ancora nessun allenamento")
    assert workshop.runs.all() == []


def test_a_reloaded_page_finds_the_run_again(train, workshop):
    run = workshop.launch(ENDLESS)
    page = train()
    says(page, "si allena", run.name)
    page.reload()
    page.get_by_role("tab", name="Allena").click()
    says(page, "si allena", run.name)
    expect(page.get_by_role("button", name="Prepara un allenamento")).to_be_visible()
    expect(page.locator("#g-train")).to_be_hidden()
    goes_on(page)


def test_a_second_order_is_refused_with_who_trains(train, workshop):
    page = train()
    run = workshop.launch(ENDLESS)
    press(page, "Allena")
    expect(page.locator("#g-refusal [role=alert]")).to_contain_text(f"È già in corso l’allenamento “{run.name}”")
    assert workshop.runs.all() == [run]
    expect(page.locator("#g-train")).to_be_enabled()


def test_what_was_typed_wrongly_is_said_before_anything_starts(train, workshop):
    page = train()
    page.get_by_label("Passi", exact=True).fill("0")
    expect(page.locator("#g-plan [role=alert]")).to_contain_text("“steps” non può valere 0")
    press(page, "Allena")
    expect(page.locator("#g-refusal [role=alert]")).to_contain_text("“steps” non può valere 0")
    assert workshop.runs.all() == []


def test_a_step_is_measured_before_anything_is_ordered(train, workshop):
    page = train()
    expect(page.locator("#g-plan")).to_contain_text("ancora non misurati")
    press(page, "Misura un passo")
    cost = "Un passo misurato: 7,5 s. Tutto: 75 s. Memoria: 2,4 GB"
    expect(page.locator("#g-plan")).to_contain_text(cost, timeout=60_000)
    until(lambda: not workshop.runs.all())  # the probe leaves no run


def test_the_form_follows_the_preset_and_the_weights_reach_the_recipe(train, workshop):
    page = train()
    page.get_by_label("Le basi, con esempi").check(force=True)
    expect(page.get_by_label("Risposte per puzzle")).to_be_hidden()
    expect(page.get_by_role("button", name="Che cosa premiare, e quanto")).to_be_hidden()
    expect(page.get_by_label("Passi", exact=True)).to_have_value("300")
    page.get_by_label("Due minuti").check(force=True)
    expect(page.get_by_label("Passi", exact=True)).to_have_value("10")
    page.get_by_role("button", name="Che cosa premiare, e quanto").click()
    page.get_by_label("number input for Risposta esatta").fill("0")
    page.get_by_label("number input for Risposta esatta").blur()
    expect(page.locator("#g-plan")).to_contain_text("--weight exact_match=0")
    press(page, "Allena")
    says(page, "si allena")
    assert [run.recipe.weights for run in workshop.runs.all()] == [{"exact_match": 0}]


def test_a_checkpoint_is_played(train, workshop, monkeypatch):
    run = ended(workshop)
    monkeypatch.setattr("served.Reciting.names", lambda self: ("recitante", "altro", run.name))
    page = train()
    says(page, "finito")
    press(page, "Gioca con questo")
    expect(page.get_by_role("tab", name="Risolvi")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#g-checkpoint input")).to_have_value(run.name)


def test_a_merge_is_begun_and_its_end_is_told(train, workshop):
    ended(workshop)
    page = train()
    press(page, "Unisci al modello")
    says(page, "Unisce l’adattatore")
    says(page, "ora è nell’elenco", "as like as two peas")


def test_any_run_can_be_opened_and_any_step_of_it(train, workshop):
    first, second = ended(workshop), ended(workshop, replace(SHORT, steps=12))
    page = train()
    says(page, second.name)
    page.get_by_label(f"{first.name} ·").check(force=True)
    says(page, first.name)
    page.get_by_label("number input for Le risposte").fill("3")
    page.get_by_label("number input for Le risposte").blur()
    expect(page.locator("#g-rollouts")).to_contain_text("da questo puzzle non si impara")
    page.locator(".g-fold summary").first.click()
    expect(page.locator(".g-fold details[open]").first).to_contain_text("<think>")
    page.get_by_label("English").check(force=True)
    expect(page.locator("#g-rollouts")).to_contain_text("nothing is learnt from this puzzle")
    assert not page.evaluate("window.pwned")


def test_an_answer_that_is_being_read_stays(train, workshop):
    workshop.launch(replace(ENDLESS, learning_rate=4e-3))  # four seconds a step
    page = train()
    says(page, "si allena")
    page.locator(".g-fold summary").first.click()
    expect(page.get_by_label("Segui l’ultimo passo")).not_to_be_checked()
    read = page.locator(".g-rollouts").inner_text()
    goes_on(page)
    expect(page.locator(".g-fold details[open]")).to_have_count(1)
    assert page.locator(".g-rollouts").inner_text() == read
    page.get_by_label("Segui l’ultimo passo").check()
    expect(page.locator(".g-fold details[open]")).to_have_count(0)


def test_a_failed_run_says_why(train, workshop):
    run = ended(workshop)
    (run.folder / "worker.log").write_text("OSError: No space left on device\n")
    run.write_status(state=RunState.FAILED, code="disk_full", reason="The disk is full")
    page = train()
    expect(page.get_by_role("alert").filter(has_text="Il disco è pieno")).to_be_visible()
    page.get_by_text("La fine del registro").click()
    expect(page.locator("#g-run pre")).to_contain_text("No space left")


def test_who_plays_meanwhile_is_told_why_it_is_slow(visit, workshop):
    page = visit()
    expect(page.locator("#g-notice")).not_to_contain_text("allenamento")
    workshop.launch(ENDLESS)
    expect(page.locator("#g-notice")).to_contain_text("È in corso un allenamento", timeout=15_000)


@pytest.fixture(scope="module")
def shut(workshop):
    """The address of a page of the same machine where training is not allowed."""
    closed = replace(workshop, allowed=False)
    with served(replace(workbench(workshop.runs.home), workshop=closed)) as address:
        yield address


def test_on_a_public_server_one_may_look_but_not_touch(browser, workshop, shut):
    run = ended(workshop)
    page = browser.new_page()
    page.goto(shut)
    page.get_by_role("tab", name="Allena").click()
    says(page, "finito", run.name)
    expect(page.locator("#g-recipe")).to_contain_text("Su questo server gli allenamenti sono spenti")
    for button in ("Allena", "Riprendi", "Unisci al modello", "Scarta"):
        expect(page.get_by_role("button", name=button, exact=True)).to_be_disabled()
    page.close()


def test_on_a_public_server_a_forged_event_is_refused_too(workshop, shut):
    run = ended(workshop)
    with urllib.request.urlopen(f"{shut}config", timeout=10) as answer:
        config = json.load(answer)
    ids = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    order = ["demo-2", "recitante", "all", 10, 1, 8, 5e-5, 0, *[1.0] * 9, "it"]
    look = next(event["id"] for event in config["dependencies"] if len(event["inputs"]) == 4)
    send(shut, look, [None, True, "it", None])  # as a page does that opens: now this visitor knows the run
    refused = 0
    for event in config["dependencies"]:
        touches = {"#g-refusal", "#g-trouble"} & {f"#{name}" for name, i in ids.items() if i in event["outputs"]}
        if touches and len(event["inputs"]) in (2, len(order)):
            data = order if len(event["inputs"]) == len(order) else [run.name, "it"]
            refused += "gli allenamenti sono spenti" in send(shut, event["id"], data)
    assert refused == 6, "launch, measure, stop, resume, merge, discard"
    assert workshop.runs.all() == [run] and run.status.state is RunState.FINISHED


def send(address, event, data):
    body = json.dumps({"data": data, "fn_index": event, "session_hash": "forged"}).encode()
    request = urllib.request.Request(f"{address}gradio_api/run/predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.dumps(json.load(answer), ensure_ascii=False)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_at_any_width(train, workshop, width):
    ended(workshop)
    page = train(width=width)
    says(page, "finito")
    page.locator(".g-fold summary").first.click()
    page.get_by_role("button", name="Che cosa premiare, e quanto").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_serious_barriers(train, workshop, width, dark):
    run = ended(workshop)
    run.write_status(state=RunState.FAILED, code="nan", reason="NaN")
    page = train(width=width, dark=dark)
    says(page, "interrotto")
    press(page, "Scarta")
    for fold in ("Che cosa premiare, e quanto", "Per esperti"):
        page.get_by_role("button", name=fold).click()
    page.locator(".g-fold summary").first.click()
    found = [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert not found, "\n".join(found)
