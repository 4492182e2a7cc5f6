"""A merged checkpoint goes to the hub: its model card, written from its record, and the upload. Imports no torch."""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ghigliottina.errors import CheckpointError, InputError
from ghigliottina.models.checkpoint import Checkpoint
from ghigliottina.models.engine import Message
from ghigliottina.models.shelf import ALIASES

README, CURVE = "README.md", "curve.svg"
ROWS = 10
"""Lines of the table of a training: each is the mean over as many steps as it takes."""

Step = Mapping[str, Any]
"""A step of a training, as the run recorded it: step, loss, reward, rewards …"""


def build(checkpoint: Checkpoint, repo: str, chat: Sequence[Message], steps: Sequence[Step] = ()) -> Path:
    """Write the model card, and the curve of the training, into a merged checkpoint's folder: it can go to `repo` then.

    `chat` shows what the model reads, and as its last message how it answers; `steps` are those of the run that made
    it. Raises CheckpointError if the checkpoint wasn't merged here, so that nothing is known of it.
    """
    if checkpoint.kind != "merged" or not checkpoint.record.get("parent"):
        message = f"“{checkpoint.name}” wasn't merged here, so no card can be written for it: merge an adapter."
        raise CheckpointError(message, "push_foreign", name=checkpoint.name)
    if steps:
        (checkpoint.path / CURVE).write_text(curve(steps), encoding="utf-8")
    (checkpoint.path / README).write_text(card(checkpoint, repo, chat, steps), encoding="utf-8")
    return checkpoint.path


def card(checkpoint: Checkpoint, repo: str, chat: Sequence[Message], steps: Sequence[Step] = ()) -> str:
    """The model card, in Markdown with the hub's front matter."""
    record = checkpoint.record
    parts = [
        _front_matter(checkpoint),
        f"# {checkpoint.name}\n\n{_ABOUT}",
        f"## How to use it\n\n{_usage(repo, chat)}",
        f"## Where it comes from\n\n{_table(('what', 'which'), _origin(checkpoint))}",
    ]
    if recipe := _mapping(record.get("recipe")):
        parts += [f"## Recipe\n\n{_table(('setting', 'value'), recipe.items())}", f"## Data\n\n{_DATA}"]
    if steps:
        parts.append(f"## How it learned\n\n![The curve]({CURVE})\n\n{_steps(steps)}")
    if metrics := _mapping(record.get("metrics")):
        parts.append(f"## Measured\n\n{_table(('what', 'value'), metrics.items())}\n\n{_MEASURED}")
    return "\n\n".join([*parts, f"## Licence\n\n{checkpoint.licence}. {_LICENCE}"]) + "\n"


def curve(steps: Sequence[Step]) -> str:
    """The reward of each step, or the loss where nothing was rewarded, as an SVG picture."""
    key = _curve_key(steps)
    points = [(step["step"], step[key]) for step in steps if _number(step.get(key))]
    (left, right), (low, high) = ((min(side), max(side)) for side in zip(*points, strict=True))
    line = " ".join(
        f"{60 + 520 * (x - left) / (right - left or 1):.1f},{210 - 180 * (y - low) / (high - low or 1):.1f}"
        for x, y in points
    )
    return _SVG.format(key=key, left=left, right=right, low=f"{low:.3g}", high=f"{high:.3g}", line=line)


def token_for(repo: str, environment: Mapping[str, str] = os.environ) -> str:
    """The token to upload with, once `repo` is found to be a possible name. Raises InputError, without network."""
    from huggingface_hub import errors, utils

    try:
        utils.validate_repo_id(repo)
    except errors.HFValidationError:
        repo = ""
    if repo.count("/") != 1:
        raise InputError("--push takes a name on the hub, owner/model: write both.", "push_name")
    token = environment.get("HF_TOKEN")
    if not token:
        remedy = "set it to a token of huggingface.co that may write"
        raise InputError(f"To push, HF_TOKEN must be set in the environment: {remedy}.", "push_token")
    return token


def push(folder: Path, repo: str, token: str) -> str:
    """Upload a built folder; a repository that doesn't exist yet is made, private. Returns its address.

    Raises CheckpointError where the hub refuses or can't be reached; the folder stays as it is.
    """
    from huggingface_hub import HfApi, errors

    try:
        hub = HfApi(token=token)
        address = hub.create_repo(repo, private=True, exist_ok=True)
        hub.upload_folder(repo_id=repo, folder_path=folder, commit_message=f"{folder.name} by La Ghigliottina")
    except (errors.HTTPError, OSError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if status in (401, 403):
            code, remedy = "push_refused", f"use an HF_TOKEN that may write to “{repo.split('/')[0]}”"
        else:
            code, remedy = "push_unreachable", "check the network and the name"
        message = f"“{folder.name}” can't be pushed to {repo} ({reason}): {remedy}, then push it again; it is kept."
        raise CheckpointError(message, code, name=folder.name, repo=repo, reason=reason) from None
    return str(address)


def _front_matter(checkpoint: Checkpoint) -> str:
    base = str(checkpoint.record.get("base") or "")
    hub_id = next((alias for alias, ours in ALIASES.items() if ours == base), base)
    method = _mapping(checkpoint.record.get("recipe")).get("method")
    fields = {
        "license": "gemma",
        "base_model": hub_id if "/" in hub_id else None,
        "language": "it",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["ghigliottina", "word-game", *([method] if method else [])],
    }
    # JSON is YAML too, and quotes whatever a name may hold.
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items() if value)
    return "\n".join(["---", *lines, "---"])


def _usage(repo: str, chat: Sequence[Message]) -> str:
    *_, asked, answered = chat
    return _USAGE.format(repo=json.dumps(repo), question=asked.content, answer=answered.content.strip())


def _origin(checkpoint: Checkpoint) -> Iterator[tuple[str, object]]:
    yield "base", checkpoint.record.get("base")
    yield "adapter that was merged into it", checkpoint.record.get("parent")
    yield from _mapping(checkpoint.record.get("versions")).items()


def _steps(steps: Sequence[Step]) -> str:
    size = -(-len(steps) // ROWS)
    rows = [_flat(steps[start : start + size]) for start in range(0, len(steps), size)]
    keys = list(dict.fromkeys(chain.from_iterable(rows)))
    table = [[row.get(key) for key in keys] for row in rows]
    return f"{_table(keys, table)}\n\nEach line is the mean over its steps."


def _flat(steps: Sequence[Step]) -> dict[str, object]:
    """A line of the table: the means of some steps, rewards each by its name."""
    rows = [{**step, **_mapping(step.get("rewards"))} for step in steps]
    names = [key for key in _SHOWN if key in rows[0]] + list(_mapping(steps[0].get("rewards")))
    found = {key: [row[key] for row in rows if _number(row.get(key))] for key in names}
    means = {key: sum(values) / len(values) if values else None for key, values in found.items()}
    first, last = steps[0]["step"], steps[-1]["step"]
    return {"steps": f"{first}–{last}", **means}


_SHOWN = ("reward", "loss", "accuracy", "length", "entropy")


def _curve_key(steps: Sequence[Step]) -> str:
    return "reward" if any(_number(step.get("reward")) for step in steps) else "loss"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _table(head: Sequence[str], rows: Any) -> str:  # noqa: ANN401
    lines = [[_cell(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(head), ["---"] * len(head), *lines])


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(each)}" for key, each in value.items()) or "–"
    text = f"{value:.4g}" if isinstance(value, float) else "–" if value in (None, "") else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_ABOUT = """It plays La Ghigliottina, an Italian word game: five clues, each joined to one hidden word by something that
people say. It reads the clues and, if given, words that a link graph offers with their phrases; it says in the open
what joins each clue to its word, then answers. It was made by the program La Ghigliottina to play and to teach; it
makes mistakes, and is of no use beyond the game."""

_USAGE = '''```python
from transformers import AutoModelForCausalLM, AutoTokenizer

repo = {repo}
tokenizer = AutoTokenizer.from_pretrained(repo)
model = AutoModelForCausalLM.from_pretrained(repo, dtype="float32")  # on a GPU the default, bfloat16, is quicker
question = """{question}"""
chat = [{{"role": "user", "content": question}}]
prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
tokens = model.generate(**prompt, max_new_tokens=200)
print(tokenizer.decode(tokens[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True))
```

It was taught on questions of exactly this form. The part of the possible words may be left out: then it plays by heart.
A right answer would be:

```
{answer}
```'''

_DATA = """Puzzles without end that La Ghigliottina makes from its own links: words, and the phrases that join them. A
tenth of all solutions was kept from training, to measure with. No puzzle of the television game was used."""

_MEASURED = """`merge_difference` is the largest difference between a logit of the merged model and of the adapter on
its base, in float32; `cast_difference` the same after the cast; `cast_same` the share of tokens at which both put the
same one first."""

_LICENCE = """This is a Model Derivative of Gemma. What may be done with it is said by GEMMA_TERMS.html, and what was
changed by NOTICE, both beside this card; the Gemma Prohibited Use Policy (ai.google.dev/gemma/prohibited_use_policy)
holds too."""

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 250" font-family="sans-serif" font-size="13">
<rect width="600" height="250" fill="#fff"/>
<path d="M60 30V210H580" fill="none" stroke="#888"/>
<text x="60" y="20">{key}</text>
<text x="52" y="35" text-anchor="end">{high}</text>
<text x="52" y="214" text-anchor="end">{low}</text>
<text x="60" y="230">{left}</text>
<text x="580" y="230" text-anchor="end">{right}</text>
<text x="320" y="244" text-anchor="middle">step</text>
<polyline points="{line}" fill="none" stroke="#2563eb" stroke-width="2"/>
</svg>
"""
