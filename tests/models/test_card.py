"""The model card says what is known, its example runs, and the upload reaches a hub."""

import base64
import contextlib
import io
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import tiny
import yaml

from ghigliottina.errors import CheckpointError, InputError
from ghigliottina.models import card
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import Message

REPO = "qualcuno/ghigliottina-270m"
CHAT = (Message("user", "Indizi:\n- latte\n- sole\nRisposta:"), Message("assistant", "soluzione: luna.\n"))
RECIPE = {"method": "grpo", "start": "sft", "steps": 24, "learning_rate": 5e-05, "weights": {"exact_match": 3.0}}
RECORD = {
    "base": "gemma-3-270m",
    "parent": "grpo-20260101-120000",
    "recipe": RECIPE,
    "metrics": {"reward": 3.25, "merge_difference": 0.000171234, "held out": {"right": 0.5, "form": 1.0}},
    "versions": {"torch": "2.13.0"},
}
STEPS = [
    {"step": n, "reward": n / 10, "loss": 0.0, "length": 60.0, "rewards": {"exact_match": n / 24, "think_length": None}}
    for n in range(1, 25)
]


@pytest.fixture
def made(tmp_path):
    """A merged checkpoint with a full record."""
    return tiny.merged(tmp_path / "fuso", **RECORD)


def front_matter(text):
    return yaml.safe_load(text.split("---")[1])


def test_the_front_matter_is_what_the_hub_reads(made):
    assert front_matter(card.card(made, REPO, CHAT)) == {
        "license": "gemma",
        "base_model": "google/gemma-3-270m",
        "language": "it",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["ghigliottina", "word-game", "grpo"],
    }


@pytest.mark.parametrize(
    ("base", "named"),
    [("google/gemma-3-1b-it", "google/gemma-3-1b-it"), ("un mio modello", None), ('a/"b": c', 'a/"b": c')],
    ids=["of the hub", "of this machine", "with quotes"],
)
def test_only_a_base_of_the_hub_is_linked(made, base, named):
    of = Checkpoint(made.name, made.path, "merged", record={**RECORD, "base": base})
    assert front_matter(card.card(of, REPO, CHAT)).get("base_model") == named


CONTENTS = {
    "recipe": "| learning_rate | 5e-05 |",
    "weights": "| weights | exact_match 3 |",
    "where from": "| adapter that was merged into it | grpo-20260101-120000 |",
    "a metric": "| merge_difference | 0.0001712 |",
    "metrics of metrics": "| held out | right 0.5, form 1 |",
    "versions": "| torch | 2.13.0 |",
    "data": "No puzzle of the television game was used.",
    "licence": "Gemma Terms of Use (ai.google.dev/gemma/terms). This is a Model Derivative",
    "the prompt's form": "- latte\n- sole\nRisposta:",
    "the answer's form": "```\nsoluzione: luna.\n```",
    "curve": "![The curve](curve.svg)",
    "head of the steps": "| steps | reward | loss | length | exact_match | think_length |",
    "first steps": "| 1–3 | 0.2 | 0 | 60 | 0.08333 | – |",
    "last steps": "| 22–24 | 2.3 | 0 | 60 | 0.9583 | – |",
}


@pytest.mark.parametrize("text", CONTENTS.values(), ids=CONTENTS)
def test_the_card_says(made, text):
    assert text in card.card(made, REPO, CHAT, STEPS)


def test_what_is_not_known_is_not_said(tmp_path):
    bare = tiny.merged(tmp_path / "fuso", base="tiny", parent="a", recipe=None)
    text = card.card(bare, REPO, CHAT)
    assert re.findall("^## (.*)", text, re.MULTILINE) == ["How to use it", "Where it comes from", "Licence"]
    assert "None" not in text


def test_the_example_of_the_card_runs(made):
    code = re.search("```python\n(.*?)```", card.card(made, str(made.path), CHAT), re.DOTALL)[1]
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        exec(code, {})
    assert len(written.getvalue()) > 10


@pytest.mark.parametrize(
    ("steps", "key", "high"),
    [
        pytest.param(STEPS, "reward", "2.4", id="rewards"),
        pytest.param([{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}], "loss", "2", id="loss"),
        pytest.param([{"step": 7, "loss": 2.0}], "loss", "2", id="one step"),
        pytest.param([{"step": 1, "reward": 1.0}, {"step": 2, "reward": float("nan")}], "reward", "1", id="a gap"),
    ],
)
def test_the_curve_is_a_picture(steps, key, high):
    from xml.etree import ElementTree

    texts = [node.text for node in ElementTree.fromstring(card.curve(steps)).iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:2] == [key, high]


def test_the_folder_is_built_in_place(made):
    folder = card.build(made, REPO, CHAT, STEPS)
    assert folder == made.path
    assert {"README.md", "curve.svg", "model.safetensors", "ghigliottina.json"} <= {p.name for p in folder.iterdir()}
    assert Checkpoint.read(folder) == made


@pytest.mark.parametrize("kind", ["base", "merged"])
def test_no_card_for_what_was_not_merged_here(tmp_path, kind):
    tiny.merged(tmp_path / "altrui")
    with pytest.raises(CheckpointError, match="wasn't merged here") as caught:
        card.build(Checkpoint("altrui", tmp_path / "altrui", kind), REPO, CHAT)
    assert caught.value.code == "push_foreign"
    assert not (tmp_path / "altrui" / "README.md").exists()


@pytest.mark.parametrize(
    ("repo", "environment", "code"),
    [
        pytest.param("solo", {"HF_TOKEN": "x"}, "push_name", id="no owner"),
        pytest.param("a/b/c", {"HF_TOKEN": "x"}, "push_name", id="too many parts"),
        pytest.param("a/b c", {"HF_TOKEN": "x"}, "push_name", id="a space"),
        pytest.param("", {"HF_TOKEN": "x"}, "push_name", id="empty"),
        pytest.param(REPO, {}, "push_token", id="no token"),
        pytest.param(REPO, {"HF_TOKEN": ""}, "push_token", id="an empty token"),
    ],
)
def test_what_can_be_refused_before_the_work_is(repo, environment, code):
    with pytest.raises(InputError) as caught:
        card.token_for(repo, environment)
    assert caught.value.code == code


def test_the_token_comes_from_the_environment():
    assert card.token_for(REPO, {"HF_TOKEN": "hf_x"}) == "hf_x"


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as an upload asks for."""

    status: int
    asked: list[tuple[str, str]]
    made: list[dict[str, object]]
    files: dict[str, bytes]

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        here = f"http://{self.headers['Host']}/{REPO}"
        self.asked.append((self.path.split("?")[0], self.headers["Authorization"]))
        if self.status != 200:
            return self.send(self.status, {"error": "no"})
        if self.path.endswith("/preupload/main"):
            names = [file["path"] for file in json.loads(body)["files"]]
            return self.send(
                200, {"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]}
            )
        if "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            return self.send(200, {"commitUrl": f"{here}/commit/{'a' * 40}", "commitOid": "a" * 40})
        if self.path.endswith("/create"):
            self.made.append(json.loads(body))
        return self.send(200, {"url": here, "errors": [], "warnings": []})

    def do_GET(self):
        self.send(self.status, {"id": REPO, "sha": "a" * 40, "siblings": []})

    def send(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def hub(monkeypatch):
    """A hub on this machine."""
    from huggingface_hub import constants

    Hub.status, Hub.asked, Hub.made, Hub.files = 200, [], [], {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield Hub
    server.shutdown()
    server.server_close()


def test_the_whole_folder_arrives_in_a_private_repository(made, hub):
    folder = card.build(made, REPO, CHAT, STEPS)
    assert card.push(folder, REPO, "hf_x").endswith(f"/{REPO}")
    assert hub.made[0]["visibility"] == "private"
    assert hub.files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {token for _, token in hub.asked} == {"Bearer hf_x"}


@pytest.mark.parametrize(("status", "code"), [(401, "push_refused"), (403, "push_refused"), (404, "push_unreachable")])
def test_what_the_hub_refuses_is_told_and_the_folder_kept(made, hub, status, code):
    hub.status = status
    with pytest.raises(CheckpointError, match="it is kept") as caught:
        card.push(card.build(made, REPO, CHAT), REPO, "hf_x")
    assert caught.value.code == code
    assert "\n" not in str(caught.value) and "hf_x" not in str(caught.value)
    assert Checkpoint.read(made.path) == made


def test_without_network_it_says_so(made, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the port where nobody listens
    with pytest.raises(CheckpointError, match="check the network") as caught:
        card.push(made.path, REPO, "hf_x")
    assert caught.value.code == "push_unreachable"
