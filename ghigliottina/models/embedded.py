"""The embedded default model, gemma-3-270m: from its packages into the home folder, once."""

from collections.abc import Callable
from pathlib import Path

EMBEDDED = "gemma-3-270m"
"""Its name on the shelf."""
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ message['content'] if loop.last else message['content'] | trim }}"
    "{{ '\\n' if message['role'] == 'user' else '\\n\\n' }}"
    "{% endfor %}"
)
"""The chat template of a model that was only pretrained: plain text that it may carry on, an empty line after each
answer. A last message of the assistant can be continued (`continue_final_message`)."""


def prepare(home: Path, progress: Callable[[float, str], None]) -> Path:
    """Convert the packaged GGUF into `home/models/gemma-3-270m`, if it isn't there yet, and return that folder."""
    raise NotImplementedError
