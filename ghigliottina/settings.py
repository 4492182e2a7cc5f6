"""Where things live and what is allowed: read once from the environment, then passed on as a value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from ghigliottina.errors import InputError

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""What ships with the project, read only: links, puzzles, checkpoints, css, images."""

HUB_CHECKPOINTS = (
    "google/gemma-3-270m-it",
    "google/gemma-3-1b-it",
    "nazdef/gemma-3-1b-it-ghigliottina-grpo-merged-ckpt1880",
)
"""The hub ids that the page may load. Ids are looked up here, never taken from what a visitor sends."""

ENCODER = "embedded"
ANSWER_SECONDS = 90.0
QUEUE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the surroundings decide."""

    home: Path
    """The one folder that we write to: converted models, downloads, runs."""
    hub_checkpoints: tuple[str, ...] = HUB_CHECKPOINTS
    """Hub ids that may be loaded; `GHIGLIOTTINA_HUB_CHECKPOINTS` adds to them, separated by commas."""
    encoder: str = ENCODER
    """The word encoder of the semantic reward: `embedded`, `none`, or a sentence-transformers id or folder."""
    answer_seconds: float = ANSWER_SECONDS
    """One answer may take this long; then it is cut off and judged as it stands."""
    queue_size: int = QUEUE_SIZE
    """Visitors who may wait for the model at once; the next one is told to come back."""
    allow_training: bool = False
    """Whether visitors of the page may start, stop and merge trainings; the commands always may."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, host: str = "127.0.0.1") -> "Settings":
        """Read the `GHIGLIOTTINA_*` variables. Raises InputError, naming the variable, on a value that can't be.

        `host` is the address that the page will listen on: trainings are allowed where only this machine reaches it.
        """
        cache = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        home = Path(environment.get("GHIGLIOTTINA_HOME") or Path(cache) / "ghigliottina").expanduser()
        more = tuple(i.strip() for i in environment.get("GHIGLIOTTINA_HUB_CHECKPOINTS", "").split(",") if i.strip())
        return cls(
            home=home.absolute(),
            hub_checkpoints=tuple(dict.fromkeys(HUB_CHECKPOINTS + more)),
            encoder=environment.get("GHIGLIOTTINA_ENCODER") or ENCODER,
            answer_seconds=_positive(environment, "GHIGLIOTTINA_ANSWER_SECONDS", ANSWER_SECONDS),
            queue_size=int(_positive(environment, "GHIGLIOTTINA_QUEUE_SIZE", QUEUE_SIZE)),
            allow_training=_switch(
                environment, "GHIGLIOTTINA_TRAINING", _private(host) and "SPACE_ID" not in environment
            ),
        )


def _positive(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 1 <= value < float("inf"):
        raise InputError(f"{name} is “{text}”, which is no number of at least 1. Correct it or unset it.")
    return value


def _switch(environment: Mapping[str, str], name: str, default: bool) -> bool:
    text = environment.get(name) or ("on" if default else "off")
    if text not in ("on", "off"):
        raise InputError(f"{name} is “{text}”, which is neither on nor off. Correct it or unset it.")
    return text == "on"


def _private(host: str) -> bool:
    """Only this machine itself reaches that address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
