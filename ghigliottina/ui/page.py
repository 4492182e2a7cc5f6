"""The page: one tab a file, put together here and served."""

import socket
import threading
import time

import gradio as gr

from ghigliottina.links.graph import Graph
from ghigliottina.models.encoder import NONE
from ghigliottina.models.host import Host
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
from ghigliottina.training.probe import Probe
from ghigliottina.training.runs import Runs
from ghigliottina.ui import render, theme
from ghigliottina.ui.playing import under_way
from ghigliottina.ui.solve_tab import QUIETLY, solve_tab
from ghigliottina.ui.text import Language
from ghigliottina.ui.train_events import Doors
from ghigliottina.ui.train_tab import train_tab
from ghigliottina.ui.wording import Wording, said
from ghigliottina.ui.workbench import Hosted, LateEncoder, Workbench
from ghigliottina.ui.workshop import Workshop
from rewards import RUBRIC

PORTS = 100
"""How many ports are tried from the wanted one on."""
CLOCK = 10.0
"""Seconds between two looks at whether something trains."""
PULSE = 2.0
"""Seconds between two looks at a training's folder."""
PAUSE = 0.5
"""Seconds between two looks at a model that loads."""


def build(bench: Workbench) -> gr.Blocks:
    """The whole page on these parts; not yet served."""
    words = Wording()
    with gr.Blocks(title="La Ghigliottina", analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_classes="g-top"):
            sign = theme.logo()
            says = {"value": lambda language: render.header(sign, language)}
            words.make(gr.HTML, says, elem_id="g-header", apply_default_css=False)
            languages = [("Italiano", str(Language.IT)), ("English", str(Language.EN))]
            language = words.make(
                gr.Radio, {"label": said("language")}, choices=languages, value=str(words.first), elem_id="g-language"
            )
        clock, pulse = gr.Timer(CLOCK), gr.Timer(PULSE, active=False)
        with gr.Tabs() as tabs:
            with words.make(gr.Tab, {"label": said("tab_solve")}, id="solve") as solving:
                checkpoint, notice = solve_tab(bench, words, language)
            if bench.workshop is not None:
                with words.make(gr.Tab, {"label": said("tab_train")}, id="train") as training:
                    doors = Doors(page, tabs, solving, training, checkpoint, notice, clock, pulse)
                    train_tab(bench, bench.workshop, words, language, doors)
        language.change(words.switch, language, words.components, **QUIETLY)
        language.change(None, language, None, js="(language) => { document.documentElement.lang = language; }")
    return page


def launch(bench: Workbench, host: str = "127.0.0.1", port: int = 7860) -> gr.Blocks:
    """Serve the page in the background, on the next free port if `port` is taken; `local_url` says where."""
    page = build(bench)
    page.queue(api_open=False, max_size=bench.settings.queue_size)
    page.launch(
        server_name=host,
        server_port=_free(host, port),
        max_threads=40 + bench.settings.queue_size,
        theme=theme.theme(),
        head=theme.head(),
        js="() => { document.documentElement.lang = 'it'; }",
        favicon_path=theme.LOGO,
        footer_links=[],
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        share=False,
        show_error=False,
        allowed_paths=[],
        blocked_paths=[str(bench.settings.home)],
        max_file_size=1,  # byte: nothing here takes files, so nobody may fill the disk with them
        state_session_capacity=1000,
        prevent_thread_lock=True,
        quiet=True,
    )
    return page


def open_page(settings: Settings, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Serve the page on the real parts until told to end. The models load meanwhile, their state is on the page."""
    shelf = Shelf(settings)
    models = Hosted(shelf, Host(shelf))
    encoder = None if settings.encoder == NONE else LateEncoder(settings.encoder)
    runs = Runs(settings.home)
    workshop = Workshop(runs, settings.allow_training, Probe(runs))
    graph = Graph.load()
    rubric = RUBRIC.with_phrases(graph.says).with_embedder(encoder)
    page = launch(Workbench.of(settings, graph, rubric, models, workshop), host, port)
    print(f"La Ghigliottina: {page.local_url}", flush=True)  # noqa: T201 - for whoever started it
    models.prepare(shelf.default)  # only now: it would keep the page from opening
    if encoder is not None:
        threading.Thread(target=_warm, args=(encoder, models, shelf.default), daemon=True).start()
    page.block_thread()


def _warm(encoder: LateEncoder, models: Hosted, name: str) -> None:
    """Load the encoder as soon as the model no longer needs the processor for itself."""
    while under_way(models.state(name)):
        time.sleep(PAUSE)
    encoder.load()


def _free(host: str, first: int) -> int:
    """The first port from `first` on that nobody listens on."""
    for port in range(first, first + PORTS):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    return first
