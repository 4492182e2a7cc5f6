"""The page over HTTP, as a program or an attacker sees it."""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace

import pytest
from gradio_client import Client
from served import Reciting, served, workbench

from ghigliottina.errors import CheckpointError

CLUES = ["latte", "sole", "miele", "piena", "lupo"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "secret.txt").write_text("weights")
    return workbench(home, seconds_a_piece=0.02)


@pytest.fixture(scope="module")
def url(bench):
    with served(bench) as address:
        yield address


@pytest.fixture
def client(url):
    client = Client(url, verbose=False, analytics_enabled=False, download_files=False)
    yield client
    client.close()


def ask(client, *clues, solver="model+links", checkpoint="recitante", solution=""):
    return client.submit(*clues, solution, solver, checkpoint, "it", api_name="/solve")


def shown(update):
    return json.dumps(update, ensure_ascii=False, default=str)


def test_a_program_reads_the_answer_as_it_grows(client):
    arrived = [(time.monotonic(), shown(update)) for update in ask(client, *CLUES)]
    ended = arrived[-1][0]
    growing = [at for at, text in arrived if "storia di latte" in text and "superlatte" not in text]
    assert len(growing) >= 3
    assert ended - growing[0] > 0.3, "the text must come long before the end"
    assert any("superlatte" in text for _, text in arrived)


def test_the_links_answer_while_the_model_is_busy(bench, client):
    place = bench.line.join()
    try:
        assert "luna" in shown(list(ask(client, *CLUES, solver="links")))
    finally:
        bench.line.leave(place)


@pytest.mark.parametrize(
    ("clues", "said"),
    [
        (["", *CLUES[1:]], "L’indizio 1 è vuoto"),
        (["latte", "Latte", *CLUES[2:]], "c’è due volte"),
        (["x" * 5000, *CLUES[1:]], "ha 5000 caratteri: al massimo 40"),
        (["🙂🙂", *CLUES[1:]], "non è una parola"),
    ],
    ids=["blank", "repeated", "5,000 letters", "emoji"],
)
def test_the_server_checks_what_the_browser_would(client, clues, said):
    assert said in shown(list(ask(client, *clues)))


@pytest.mark.parametrize("wrong", [{"solver": "root"}, {"checkpoint": "../../etc"}, {"checkpoint": "evil/repo"}])
def test_an_unknown_solver_or_checkpoint_is_refused(client, wrong):
    with pytest.raises(Exception, match=r"(?i)error|choices"):
        ask(client, *CLUES, **wrong).result(timeout=20)


def test_only_solving_is_offered_to_programs(client):
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/solve"]


def post(address, body):
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


@pytest.mark.parametrize("path", ["run/solve", "api/solve", "run/solve/", "run/predict"])
def test_the_line_cannot_be_jumped_by_a_direct_post(url, path):
    with urllib.request.urlopen(f"{url}config", timeout=10) as answer:
        solve = next(event["id"] for event in json.load(answer)["dependencies"] if event["api_name"] == "solve")
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(f"{url}gradio_api/{path}", {"data": [*CLUES, "", "links", None, "it", None], "fn_index": solve})
    assert caught.value.code in (404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file={home}/secret.txt",
        "file={home}/secret.txt",
        "gradio_api/file=/etc/passwd",
        "gradio_api/file=pyproject.toml",
    ],
)
def test_the_home_folder_cannot_be_downloaded(bench, url, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url + path.format(home=bench.settings.home), timeout=10)
    assert caught.value.code in (403, 404)


def test_nobody_can_fill_the_disk(url):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        + b"a" * 2000
        + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(f"{url}gradio_api/upload", body, headers), timeout=10)
    assert caught.value.code == 413


@pytest.mark.parametrize("path", ["monitoring/summary", "gradio_api/monitoring/summary"])
def test_nobody_can_watch_the_visitors(url, path):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url + path, timeout=10)


def test_a_full_line_says_so(tmp_path):
    bench = workbench(tmp_path, places=0)
    bench.line.join()
    with served(bench) as url:
        client = Client(url, verbose=False, analytics_enabled=False)
        assert "persone in fila" in shown(list(ask(client, *CLUES)))
        client.close()


@dataclass(frozen=True)
class Breaking:
    """An engine that writes a little and then fails."""

    failure: Exception

    def stream(self, messages, sampling, stop):
        time.sleep(0.2)
        yield "<think>\n- latte: pane e latte"
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "said", "unsaid"),
    [
        (CheckpointError("Its file model.safetensors is cut short: fetch it again."), "is cut short", "Traceback"),
        (RuntimeError("secret path /root/x"), "Qualcosa si è rotto da parte nostra", "secret path"),
    ],
    ids=["known", "a bug"],
)
def test_what_breaks_in_the_middle_is_said_and_leaves_the_page_usable(tmp_path, failure, said, unsaid):
    bench = replace(workbench(tmp_path), models=Reciting(Breaking(failure)))
    with served(bench) as url:
        client = Client(url, verbose=False, analytics_enabled=False)
        for _ in range(2):
            text = shown(list(ask(client, *CLUES)))
            assert said in text and unsaid not in text
            assert "pane e latte" in text, "what was written stays"
            assert "data-running" not in text.rsplit("g-outcome", 1)[1], "the clock stops"
        client.close()


def test_a_visitor_who_leaves_frees_the_model(bench, client, url):
    job = ask(client, "fiume", *CLUES[1:])
    for update in job:
        if "storia di" in shown(update):
            break
    job.cancel()
    other = Client(url, verbose=False, analytics_enabled=False)
    started = time.monotonic()
    assert "superlatte" in shown(list(ask(other, *CLUES)))
    assert time.monotonic() - started < 10
    other.close()


def test_two_at_once_get_their_own_answers(url):
    answers = {}

    def visit(first):
        visitor = Client(url, verbose=False, analytics_enabled=False)
        answers[first] = shown(list(ask(visitor, first, *CLUES[1:])))
        visitor.close()

    visits = [threading.Thread(target=visit, args=[first]) for first in ("pane", "vino")]
    for thread in visits:
        thread.start()
    for thread in visits:
        thread.join(timeout=60)
    assert "superpane" in answers["pane"] and "storia di vino" not in answers["pane"]
    assert "supervino" in answers["vino"] and "storia di pane" not in answers["vino"]
