import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_checkpoint import make_adapter, make_model

from ghigliottina.errors import CheckpointError
from ghigliottina.models.checkpoint import RECORD, seal
from ghigliottina.models.embedded import EMBEDDED
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings

WHOLE, GATED, UNKNOWN = "nazdef/intero", "google/gemma-chiuso", "nessuno/niente"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """One shipped adapter, one model made here, three hub ids; nothing prepared."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "home" / "checkpoints").mkdir(parents=True)
    seal(make_adapter(tmp_path / "assets" / "maestro"), "maestro", "adapter", base="fatto")
    seal(make_model(tmp_path / "home" / "checkpoints" / "fatto"), "Fatto qui", "merged")
    return Shelf(Settings(tmp_path / "home", hub_checkpoints=(WHOLE, GATED, UNKNOWN)), assets=tmp_path / "assets")


def quiet(share: float, phase: str) -> None:
    pass


def test_shipped_ones_come_first_and_are_the_default(shelf: Shelf) -> None:
    assert shelf.names() == ("maestro", EMBEDDED, "fatto", WHOLE, GATED, UNKNOWN)
    assert shelf.default == "maestro"


def test_an_empty_machine_still_has_the_embedded_base(tmp_path: Path) -> None:
    bare = Shelf(Settings(tmp_path / "home", hub_checkpoints=()), assets=tmp_path / "assets")
    assert bare.names() == (EMBEDDED,)
    assert bare.default == EMBEDDED


def test_what_is_here_is_found_under_its_name_on_the_shelf(shelf: Shelf) -> None:
    assert shelf.find("fatto").name == "fatto"
    assert shelf.fetch("maestro", quiet).base == "fatto"


def test_a_folder_elsewhere_is_played_on_its_base_from_the_shelf(shelf: Shelf, tmp_path: Path) -> None:
    elsewhere = make_adapter(tmp_path / "mio")
    config = json.loads((elsewhere / "adapter_config.json").read_bytes())
    (elsewhere / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": "fatto"}))
    fetched = shelf.fetch_folder(elsewhere, quiet)
    assert (fetched.name, fetched.kind, fetched.base) == ("mio", "adapter", "fatto")


@pytest.mark.parametrize(
    "name", ["", "niente", "../fatto", "/etc", "fatto/", "google/gemma-3-27b-it", "<b>", "x" * 9_999, "\0"]
)
def test_an_unknown_name_lists_the_known_ones(shelf: Shelf, name: str) -> None:
    for look_up in (shelf.find, lambda name: shelf.fetch(name, quiet)):
        with pytest.raises(CheckpointError, match=f"choose one of maestro, {EMBEDDED}, fatto") as caught:
            look_up(name)
        assert caught.value.code == "checkpoint_unknown"
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", [EMBEDDED, WHOLE])
def test_what_must_be_fetched_first_says_so(shelf: Shelf, name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        shelf.find(name)
    assert caught.value.code == "checkpoint_unfetched"


def test_a_half_written_folder_is_no_checkpoint(shelf: Shelf) -> None:
    make_model(shelf.settings.home / "checkpoints" / "a metà")
    assert "a metà" not in shelf.names()
    with pytest.raises(CheckpointError, match="half-written") as caught:
        shelf.find("a metà")
    assert caught.value.code == "checkpoint_half"


@pytest.mark.parametrize("base", ["un altro", "../fatto", None])
def test_an_adapter_whose_base_is_unknown_is_refused(shelf: Shelf, base: str | None) -> None:
    folder = make_adapter(shelf.settings.home / "checkpoints" / "orfano")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 8}))
    seal(folder, "orfano", "adapter", base=base)
    with pytest.raises(CheckpointError, match="isn't on the shelf") as caught:
        shelf.find("orfano")
    assert caught.value.code == "adapter_base"


@pytest.mark.parametrize("base", ["maestro", "giro"], ids=["another", "itself"])
def test_an_adapter_over_an_adapter_is_refused(shelf: Shelf, base: str) -> None:
    seal(make_adapter(shelf.settings.home / "checkpoints" / "giro"), "giro", "adapter", base=base)
    with pytest.raises(CheckpointError, match="a whole model") as caught:
        shelf.fetch("giro", quiet)
    assert caught.value.code == "adapter_base"


def test_an_adapter_made_elsewhere_over_the_embedded_base_finds_it(shelf: Shelf) -> None:
    folder = make_adapter(shelf.settings.home / "checkpoints" / "venuto da fuori")
    seal(folder, "x", "adapter", base="google/gemma-3-270m")
    assert shelf.find("venuto da fuori").base == EMBEDDED


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download asks for: one whole repository, a gated one, nothing else."""

    files: Path

    def do_GET(self) -> None:
        self.answer(body=True)

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def answer(self, body: bool) -> None:
        parts = self.path.split("?")[0].strip("/").split("/")
        name = "/".join(parts[2:4] if parts[0] == "api" else parts[:2])
        if name == UNKNOWN:
            return self.send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
        if parts[0] == "api":
            files = [{"type": "file", "path": p.name, "size": p.stat().st_size, "oid": "0" * 40} for p in self.listing]
            info = {"id": name, "sha": "a" * 40, "siblings": [{"rfilename": p.name} for p in self.listing]}
            return self.send(200, json.dumps(files if "tree" in parts else info).encode(), {}, body)
        if name == GATED:
            return self.send(403, b"", {"X-Error-Code": "GatedRepo"}, body)
        content = (self.files / parts[-1]).read_bytes()
        return self.send(200, content, {"ETag": f'"{parts[-1]}"', "X-Repo-Commit": "a" * 40}, body)

    @property
    def listing(self) -> list[Path]:
        return sorted(self.files.iterdir())

    def send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that a hub on this machine serves as each of its repositories."""
    from huggingface_hub import constants

    Hub.files = make_model(tmp_path / "served")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", constants.ENDPOINT + "/{repo_id}/resolve/{revision}/{filename}"
    )
    yield Hub.files
    server.shutdown()
    server.server_close()


def test_an_allowed_hub_id_is_downloaded_once_and_without_code(shelf: Shelf, hub: Path) -> None:
    (hub / "modeling_evil.py").write_text("raise SystemExit")
    (hub / "pytorch_model.bin").write_bytes(b"pickle")
    heard: list[tuple[float, str]] = []
    fetched = shelf.fetch(WHOLE, lambda share, phase: heard.append((share, phase)))
    assert (fetched.name, fetched.kind, fetched.shots) == (WHOLE, "merged", True)
    assert {path.suffix for path in fetched.path.iterdir() if path.is_file()} == {".json", ".safetensors"}
    assert heard[0] == (0.0, "download")
    assert heard[-1] == (1.0, "download")
    heard.clear()
    assert shelf.fetch(WHOLE, lambda share, phase: heard.append((share, phase))) == fetched == shelf.find(WHOLE)
    assert not heard


def test_a_download_that_is_no_checkpoint_is_refused_and_not_sealed(shelf: Shelf, hub: Path) -> None:
    (hub / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(CheckpointError, match="type “llama”"):
        shelf.fetch(WHOLE, quiet)
    assert not list(shelf.settings.home.rglob(f"hub/*/{RECORD}"))


@pytest.mark.parametrize(
    ("name", "code", "words"), [(GATED, "hub_gated", "HF_TOKEN"), (UNKNOWN, "hub_unknown", "Check the id")]
)
def test_what_the_hub_refuses_says_what_to_do(shelf: Shelf, hub: Path, name: str, code: str, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        shelf.fetch(name, quiet)
    assert caught.value.code == code


def test_without_network_a_download_says_so(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the port where nobody listens
    with pytest.raises(CheckpointError, match="check the network") as caught:
        shelf.fetch(WHOLE, quiet)
    assert caught.value.code == "hub_unreachable"
    assert "\n" not in str(caught.value)
