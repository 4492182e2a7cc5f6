"""The shelf: which checkpoints there are. Names are looked up here and never used as paths."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ghigliottina.errors import CheckpointError
from ghigliottina.models.checkpoint import RECORD, Checkpoint, seal
from ghigliottina.models.embedded import EMBEDDED, alone, prepare
from ghigliottina.settings import ASSETS, Settings

Progress = Callable[[float, str], None]
"""(share done in [0, 1], phase), the phase being one of `wait`, `unpack`, `tokenizer`, `weights`, `download`."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What can be played: the embedded base, what ships, what was made or merged here, and the allowed hub ids."""

    settings: Settings
    assets: Path = ASSETS / "checkpoints"

    def names(self) -> tuple[str, ...]:
        """All names, the default first. Lists two folders and reads nothing."""
        shipped = [path.name for path in _whole(self.assets)]
        own = [path.name for path in _whole(self.own)]
        return tuple(dict.fromkeys([*shipped, EMBEDDED, *own, *self.settings.hub_checkpoints]))

    @property
    def default(self) -> str:
        """The first shipped checkpoint; the embedded base where none ships."""
        return self.names()[0]

    def find(self, name: str) -> Checkpoint:
        """The checkpoint of that name, if it is on this machine. Raises CheckpointError: unknown (lists the known
        ones), not fetched yet, or not fit to be read."""
        folder = self._folder(name)
        if not (folder / RECORD).is_file():
            message = f"“{name}” is known, but it isn't on this machine yet: it must be fetched first."
            raise CheckpointError(message, "checkpoint_unfetched", name=name)
        return self._on_its_base(replace(Checkpoint.read(folder), name=name))

    def fetch(self, name: str, progress: Progress) -> Checkpoint:
        """The checkpoint of that name, with its base, converted or downloaded first if need be: up to minutes.

        Raises CheckpointError: as `find` does, and where the hub can't be reached or the disk is full.
        """
        self._bring(name, progress)
        return self._with_its_base(self.find(name), progress)

    def fetch_folder(self, folder: Path, progress: Progress) -> Checkpoint:
        """Somebody's own folder, anywhere on this machine, with its base: for commands, never for what a page sends."""
        return self._with_its_base(self._on_its_base(Checkpoint.read(folder)), progress)

    def fetch_given(self, given: str, progress: Progress) -> Checkpoint:
        """What a person names in a command: a name on the shelf, or a folder. Raises as `fetch` does."""
        if given not in self.names() and Path(given).is_dir():
            return self.fetch_folder(Path(given), progress)
        return self.fetch(given, progress)

    def _on_its_base(self, checkpoint: Checkpoint) -> Checkpoint:
        """An adapter with its base by the name on the shelf; anything else as it is."""
        if checkpoint.kind != "adapter":
            return checkpoint
        base = ALIASES.get(checkpoint.base or "", checkpoint.base)
        if base not in self.names():
            message = (
                f"The adapter “{checkpoint.name}” needs the base “{base or '?'}”, which isn't on the shelf: add it."
            )
            raise CheckpointError(message, "adapter_base", name=checkpoint.name, base=base or "?")
        return replace(checkpoint, base=base)

    def _with_its_base(self, checkpoint: Checkpoint, progress: Progress) -> Checkpoint:
        if checkpoint.base is not None:
            self._bring(checkpoint.base, progress)
            if self.find(checkpoint.base).kind == "adapter":
                fact = f"The adapter “{checkpoint.name}” needs “{checkpoint.base}”, an adapter too"
                message = f"{fact}: name a whole model as its base."
                raise CheckpointError(message, "adapter_base", name=checkpoint.name, base=checkpoint.base)
        return checkpoint

    def _bring(self, name: str, progress: Progress) -> None:
        folder = self._folder(name)
        if name == EMBEDDED:
            prepare(self.settings.home, progress)
        elif not (folder / RECORD).is_file():
            _download(name, folder, progress)

    @property
    def own(self) -> Path:
        """The folder of what was made here."""
        return self.settings.home / "checkpoints"

    def _folder(self, name: str) -> Path:
        if name == EMBEDDED:
            return self.settings.home / "models" / EMBEDDED
        for path in (*_whole(self.assets), *_whole(self.own)):
            if path.name == name:
                return path
        if name in self.settings.hub_checkpoints:
            return self.settings.home / "hub" / name.replace("/", "--")
        if self.own.is_dir() and name in (path.name for path in self.own.iterdir()):
            message = f"The checkpoint “{name}” is half-written, as it lacks {RECORD}: make it again or remove it."
            raise CheckpointError(message, "checkpoint_half", name=name)
        known = ", ".join(self.names())
        message = f"There is no checkpoint “{name[:80]}” on the shelf: choose one of {known}."
        raise CheckpointError(message, "checkpoint_unknown", name=name[:80], known=known)


ALIASES = {"google/gemma-3-270m": EMBEDDED}
"""What adapters made elsewhere call the embedded base."""
_FILES = ("*.safetensors", "*.safetensors.index.json", "*config.json", "tokenizer.json", "*.jinja")
"""What is downloaded: data that the local engine reads, and no code."""


def _whole(folder: Path) -> Iterator[Path]:
    """The checkpoint folders in a folder that have their record, by name. A half-written one doesn't count."""
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if (path / RECORD).is_file())


def _download(name: str, folder: Path, progress: Progress) -> None:
    """Bring an allowed hub repository into `folder` and seal it. Broken off, it goes on at the next call."""
    from huggingface_hub import errors, snapshot_download

    try:
        with alone(folder, progress):
            if (folder / RECORD).is_file():
                return
            progress(0.0, "download")
            # local_dir makes real files, where the hub's own cache makes links that lead out of the folder.
            where = {"local_dir": folder, "cache_dir": folder.parent / ".cache"}
            snapshot_download(name, **where, allow_patterns=_FILES, tqdm_class=_bar(progress))
            found = Checkpoint.read(folder)
            # Google's own models are not tuned for the game: they know the grammar from examples only.
            shots = found.shots or name.startswith("google/")
            seal(folder, name, found.kind, base=found.base, shots=shots, licence=found.licence)
    except errors.GatedRepoError:
        reason = "its licence must be accepted on huggingface.co, and HF_TOKEN set to a token of that account"
        raise CheckpointError(f"“{name}” can't be downloaded: {reason}.", "hub_gated", name=name) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        message = f"“{name}” can't be downloaded: the hub doesn't know it, or HF_TOKEN may not read it. Check the id."
        raise CheckpointError(message, "hub_unknown", name=name) from None
    except (errors.HTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"“{name}” can't be downloaded ({reason}): check the network and the free disk, or choose another."
        raise CheckpointError(message, "hub_unreachable", name=name, reason=reason) from None


def _bar(progress: Progress) -> type:
    """A progress bar, as the hub's library wants it, that also tells `progress` of the bytes."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: object, unit: str = "it", **options: object) -> None:
            self.bytes, self.got = unit == "B", 0.0  # tqdm itself counts only where there is a terminal
            super().__init__(*args, unit=unit, **options)

        def update(self, n: float | None = 1) -> object:
            self.got += n or 0
            if self.bytes and self.total:
                progress(min(self.got / self.total, 1.0), "download")
            return super().update(n)

    return Bar
