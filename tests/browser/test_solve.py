"""The whole tab *Risolvi*, played as visitors play it."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from served import EVIL

pytestmark = pytest.mark.browser

CLUES = ["latte", "sole", "miele", "piena", "lupo"]


def fill(page: Page, *clues: str) -> None:
    for number, clue in enumerate(clues, start=1):
        page.get_by_label(f"Indizio {number}").fill(clue)


def boxes(page: Page) -> list[str]:
    return [page.get_by_label(f"Indizio {number}").input_value() for number in range(1, 6)]


def go(page: Page) -> None:
    page.get_by_role("button", name="Risolvi").click()


def finished(page: Page, answer: str) -> None:
    expect(page.locator("#g-board [data-state=done]")).to_be_visible(timeout=30_000)
    expect(page.locator("#g-board .g-word")).to_have_text(answer)


def test_five_clues_become_a_reasoned_answer(visit):
    page = visit()
    fill(page, *CLUES)
    go(page)
    expect(page.locator("#g-thought")).to_contain_text("storia di latte")
    expect(page.locator("#g-board [data-state=busy]")).to_be_visible()
    expect(page.locator("#g-ranking")).to_contain_text("luna")
    first = page.locator("#g-thought").inner_text()
    finished(page, "superlatte")
    assert len(page.locator("#g-thought").inner_text()) > len(first)
    expect(page.locator("#g-status")).to_contain_text("È una parola del modello")
    expect(page.locator("#g-spoken [role=status]")).to_contain_text("La risposta è superlatte")
    expect(page.locator("#g-board .g-links li")).to_have_count(5)
    expect(page.locator("#g-rewards")).to_contain_text("La soluzione non è nota.")
    expect(page.locator("#g-rewards")).to_contain_text("Totale")


def test_the_links_alone_answer_with_their_phrases(visit):
    page = visit()
    fill(page, *CLUES)
    page.get_by_label("Solo legami").check(force=True)
    page.get_by_role("button", name="Conosco la soluzione").click()
    page.get_by_label("La soluzione").fill("luna")
    go(page)
    finished(page, "luna")
    expect(page.locator("#g-board")).to_contain_text("luna di miele")
    expect(page.locator("#g-status")).to_contain_text("Esatta!")
    expect(page.locator("#g-rewards")).to_contain_text("È proprio la soluzione.")
    page.locator("#g-ranking summary").first.click()
    expect(page.locator("#g-ranking details[open]")).to_contain_text("luna di miele")
    page.get_by_text("Il testo grezzo").click()
    expect(page.locator("#g-raw pre")).to_contain_text("soluzione: luna.")


def test_the_clock_runs_while_the_model_reasons(visit):
    page = visit()
    fill(page, "fiume", *CLUES[1:])
    go(page)
    clock = page.locator(".g-clock")
    expect(clock).to_have_text(re.compile(r"^\d+,\d s$"))
    early = clock.inner_text()
    page.wait_for_timeout(500)
    assert clock.inner_text() != early
    page.get_by_role("button", name="Ferma").click()


def test_stop_freezes_the_text_and_frees_the_model(visit):
    page, next_one = visit(), visit()
    fill(page, "fiume", *CLUES[1:])
    fill(next_one, *CLUES)
    go(page)
    expect(page.locator("#g-thought")).to_contain_text("storia di fiume")
    go(next_one)
    expect(next_one.locator("#g-status")).to_contain_text("In fila: 1 prima di te")
    expect(next_one.locator("#g-ranking")).to_contain_text("luna")
    stopped = time.monotonic()
    page.get_by_role("button", name="Ferma").click()
    expect(page.locator("#g-status")).to_contain_text("Fermato dopo", timeout=2000)
    assert time.monotonic() - stopped < 1.5
    partial = page.locator("#g-thought").inner_text()
    assert "storia di fiume" in partial
    finished(next_one, "superlatte")
    assert page.locator("#g-thought").inner_text() == partial
    expect(page.get_by_role("button", name="Risolvi")).to_be_enabled()


def test_one_can_leave_the_line_by_stop(visit, bench):
    place = bench.line.join()
    page = visit()
    fill(page, *CLUES)
    go(page)
    expect(page.locator("#g-status")).to_contain_text("In fila")
    page.get_by_role("button", name="Ferma").click()
    expect(page.locator("#g-status")).to_contain_text("Fermato", timeout=3000)
    assert bench.line.ahead(place) == 0
    bench.line.leave(place)


def test_a_closed_tab_frees_the_model(visit):
    page, next_one = visit(), visit()
    fill(page, "fiume", *CLUES[1:])
    go(page)
    expect(page.locator("#g-thought")).to_contain_text("storia di fiume")
    page.close()
    fill(next_one, *CLUES)
    go(next_one)
    finished(next_one, "superlatte")


def test_two_visitors_get_their_own_answers(visit):
    one, other = visit(), visit()
    fill(one, "pane", *CLUES[1:])
    fill(other, "vino", *CLUES[1:])
    go(one)
    go(other)
    finished(one, "superpane")
    finished(other, "supervino")
    assert "vino" not in one.locator("#g-thought").inner_text()
    assert "pane" not in other.locator("#g-thought").inner_text()


@pytest.mark.parametrize(
    "text",
    [
        "latte sole miele piena lupo",
        "latte, sole,miele; piena, lupo",
        "latte\nsole\nmiele\npiena\nlupo\n",
        "1. latte\r\n2. sole\r\n3. miele\r\n4. piena\r\n5. lupo",
        "- latte\n- sole\n- miele\n- piena\n- lupo",
    ],
    ids=["spaces", "commas", "lines", "numbers", "bullets"],
)
def test_five_words_pasted_at_once_fill_the_boxes(visit, text):
    page = visit()
    paste(page, "Indizio 1", text)
    assert boxes(page) == CLUES


def paste(page: Page, label: str, text: str) -> None:
    page.get_by_label(label).evaluate(
        """(box, text) => {
            const data = new DataTransfer();
            data.setData("text", text);
            box.focus();
            box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_a_clue_of_several_words_stays_in_its_box(visit):
    page = visit()
    fill(page, *CLUES)
    paste(page, "Indizio 2", "mal di testa")
    assert boxes(page) == CLUES, "the browser pastes it by itself: the script must keep out"
    paste(page, "Indizio 3", "Babbo Natale, mal di testa")
    assert boxes(page) == ["latte", "sole", "Babbo Natale", "mal di testa", "lupo"]


def test_the_keyboard_alone_is_enough(visit):
    page = visit()
    page.get_by_label("Indizio 1").focus()
    for clue in CLUES:
        page.keyboard.type(clue)
        page.keyboard.press("Enter")
    finished(page, "superlatte")
    assert boxes(page) == CLUES
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#g-ranking') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#g-ranking details[open]")).to_have_count(1)


def test_an_example_fills_the_boxes(visit):
    page = visit()
    page.get_by_role("button", name="latte · sole · miele").click()
    expect(page.get_by_label("Indizio 5")).to_have_value("lupo")
    assert boxes(page) == CLUES


def test_english_by_a_switch_also_for_an_answer_that_is_there(visit):
    page = visit()
    assert page.evaluate("document.documentElement.lang") == "it"
    fill(page, *CLUES)
    page.get_by_label("Solo legami").check(force=True)
    go(page)
    finished(page, "luna")
    page.get_by_label("English").check(force=True)
    expect(page.get_by_role("button", name="Solve")).to_be_visible()
    expect(page.get_by_label("Clue 1")).to_have_value("latte")
    expect(page.locator("#g-status")).to_contain_text("It is the first of the links’ ranking.")
    expect(page.locator("#g-rewards")).to_contain_text("The rewards")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_label("Italiano").check(force=True)
    expect(page.get_by_role("button", name="Risolvi")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "it"


@pytest.mark.parametrize(
    ("clues", "said"),
    [
        (["latte", "sole", "", "piena", "lupo"], "L’indizio 3 è vuoto"),
        (["latte", "Latte", "miele", "piena", "lupo"], "c’è due volte"),
        (["🙂", "sole", "miele", "piena", "lupo"], "non è una parola"),
    ],
    ids=["blank", "repeated", "emoji"],
)
def test_what_is_wrong_is_said_and_can_be_mended(visit, clues, said):
    page = visit()
    fill(page, *clues)
    go(page)
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    fill(page, *CLUES)
    page.get_by_label("Solo legami").check(force=True)
    go(page)
    finished(page, "luna")
    expect(page.locator("#g-problem")).not_to_contain_text(said)


@pytest.mark.parametrize("clue", ["veleno", "${window.pwned = 5}", "<img src=x onerror=pwned=6>", "{{pwned = 7}}"])
def test_nothing_from_a_clue_or_a_model_runs(visit, clue):
    page = visit()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    fill(page, clue, *CLUES[1:])
    go(page)
    expect(page.locator("#g-board [data-state=done], #g-problem .g-problem").first).to_be_visible(timeout=30_000)
    if clue == "veleno":
        expect(page.locator("#g-thought")).to_contain_text(EVIL)
        page.get_by_text("Il testo grezzo").click()
        expect(page.locator("#g-raw pre")).to_contain_text("<script>")
    page.get_by_label("English").check(force=True)
    page.wait_for_timeout(500)
    assert not page.evaluate("window.pwned") and not dialogs


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_at_any_width(visit, width):
    page = visit(width=width)
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(fits)
    fill(page, "veleno", "x" * 40, *CLUES[2:])
    go(page)
    expect(page.locator("#g-board [data-state=done]")).to_be_visible(timeout=30_000)
    page.get_by_text("Il testo grezzo").click()
    assert page.evaluate(fits)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_serious_barriers(visit, width, dark):
    page = visit(width=width, dark=dark)
    found = serious(page)
    fill(page, "", *CLUES[1:])
    go(page)
    expect(page.get_by_role("alert").filter(has_text="vuoto")).to_be_visible()
    found += serious(page)
    fill(page, *CLUES)
    page.get_by_role("button", name="Conosco la soluzione").click()
    page.get_by_label("La soluzione").fill("luna")
    page.get_by_label("Solo legami").check(force=True)
    go(page)
    finished(page, "luna")
    page.locator("#g-ranking summary").first.click()
    page.get_by_text("Il testo grezzo").click()
    found += serious(page)
    assert not found, "\n".join(found)


def serious(page: Page) -> list[str]:
    return [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
