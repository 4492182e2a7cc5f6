"""The runs of a home folder: create, launch, stop, resume, delete. Imports no torch.

A run is a folder and a process of its own, so it outlives the page that started it.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ghigliottina.errors import InputError, TrainingError
from ghigliottina.settings import ASSETS
from ghigliottina.training.lock import Owner, hold, owner, replace_json
from ghigliottina.training.recipe import Recipe
from ghigliottina.training.run import ALIVE, LOG, RECIPE, STARTING, STATUS, STOP, Event, Run, RunState, Status

__all__ = ["ALIVE", "Event", "Owner", "Run", "RunState", "Runs", "Status"]

WORKER = (sys.executable, "-m", "ghigliottina.training.worker")


@dataclass(frozen=True)
class Runs:
    """All runs under a home folder (`Settings.home`)."""

    home: Path
    worker: tuple[str, ...] = WORKER
    """The command that trains; it is given the run's folder."""

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.home / "runs"

    def all(self) -> list[Run]:
        """All runs, the newest first."""
        found = [Run(path.parent) for path in self.folder.glob(f"[!.]*/{RECIPE}")]
        return sorted(found, key=lambda run: run.name.partition("-")[2], reverse=True)

    def find(self, name: str) -> Run:
        """The run of that name. Raises InputError, naming the newest ones."""
        runs = self.all()
        for run in runs:
            if run.name == name:
                return run
        known = ", ".join(run.name for run in runs[:5]) or "none yet"
        message = f"There is no run “{name[:80]}”: choose one of those there are ({known})."
        raise InputError(message, "run_unknown", run=name[:80], known=known)

    def create(self, recipe: Recipe) -> Run:
        """A new folder for a run, named by its method and the time. Nothing is started."""
        stamp = time.strftime(f"{recipe.method}-%Y%m%d-%H%M%S")
        for number in count(1):
            run = Run(self.folder / (stamp if number == 1 else f"{stamp}-{number}"))
            if not self._adapter(run).exists():
                with suppress(FileExistsError):
                    run.folder.mkdir(parents=True)
                    break
        replace_json(run.folder / STATUS, Status(steps=recipe.steps).as_json())
        replace_json(run.folder / RECIPE, recipe.as_json())  # last: what has no recipe isn't listed
        return run

    def owner(self) -> Owner | None:
        """Who trains right now, and since when."""
        return owner(self.folder)

    def active(self) -> Run | None:
        """The run that trains right now."""
        holder = self.owner()
        return Run(self.folder / holder.run) if holder else None

    @contextmanager
    def lock(self, run: Run) -> Iterator[None]:
        """Be the one that trains. Raises BusyError (code run_active), naming who does."""
        with hold(self.folder, run.name):
            yield

    def queue(self, run: Run) -> None:
        """Make it ready to be started, again if need be. Raises BusyError if a run is active, InputError if this one
        is finished."""
        if holder := self.owner():
            raise holder.busy
        status = run.status
        if status.state is RunState.FINISHED:
            message = f"“{run.name}” has done all its {status.steps} steps: train a new run that starts from it."
            raise InputError(message, "run_finished", run=run.name)
        (run.folder / STOP).unlink(missing_ok=True)
        run.write_status(state=RunState.QUEUED, reason="", code="", pid=0, steps=run.recipe.steps)

    def launch(self, run: Run) -> None:
        """Start its process, which nothing that happens to this one touches; returns once it trains.

        Raises BusyError if a run is active, InputError if it is finished, TrainingError if the process dies at once.
        """
        from filelock import FileLock

        with FileLock(self.folder / ".launch.lock"):  # of two at once, the second finds the first one training
            self.queue(run)
            process = self._start(run)
            deadline = time.monotonic() + STARTING
            while process.poll() is None and not self._holds(run) and time.monotonic() < deadline:
                time.sleep(0.05)
        # Whoever waits for it leaves no zombie behind.
        threading.Thread(target=process.wait, daemon=True).start()
        if run.status.state is RunState.QUEUED and process.returncode is not None:
            if holder := self.owner():
                raise holder.busy
            reason = f"its process ended at once with code {process.returncode}: read its {LOG}"
            run.write_status(state=RunState.FAILED, reason=reason, code="worker_died")
            raise TrainingError(f"“{run.name}” didn't start, as {reason}.", "worker_died", run=run.name)

    def _start(self, run: Run) -> subprocess.Popen[bytes]:
        with (run.folder / LOG).open("ab") as log:
            return subprocess.Popen(
                [*self.worker, str(run.folder.absolute())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ASSETS.parent,
                env=harmless(os.environ),
                start_new_session=True,  # signals to the page's group, and its terminal's end, don't reach it
            )

    def resume(self, run: Run) -> None:
        """Go on with a stopped or failed run from its last save. Raises as `launch` does."""
        self.launch(run)

    def stop(self, run: Run, discard: bool = False, grace: float = 5.0) -> None:
        """Ask it to save and stop, which it does within a step; or stop it and remove it with its adapter.

        To discard, it is killed after `grace` seconds. Raises InputError if there is nothing to stop.
        """
        if run.status.state in ALIVE:
            draft = run.folder / f".{STOP}.draft"
            draft.write_text("discard" if discard else "save")
            draft.replace(run.folder / STOP)
        elif not discard:
            raise InputError(f"“{run.name}” doesn't run any more: nothing to stop.", "run_ended", run=run.name)
        if discard:
            if not self._ended(run, grace):
                self._kill(run)
            self._remove(run.folder)
            if self._adapter(run).exists():
                self._remove(self._adapter(run))

    def delete(self, run: Run) -> None:
        """Remove its folder; an adapter on the shelf stays. Raises InputError while it is active."""
        if run.status.state in ALIVE:
            message = f"“{run.name}” can't be deleted while it trains: stop it first."
            raise InputError(message, "run_alive", run=run.name)
        self._remove(run.folder)

    def _holds(self, run: Run) -> bool:
        holder = self.owner()
        return holder is not None and holder.run == run.name

    def _ended(self, run: Run, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._holds(run):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _kill(self, run: Run) -> None:
        holder = self.owner()
        if holder and holder.run == run.name:  # it holds the lock, so the number is its own
            with suppress(ProcessLookupError):
                # One that was started in a terminal shares the group of other commands.
                alone = os.getpgid(holder.pid) == holder.pid
                (os.killpg if alone else os.kill)(holder.pid, signal.SIGKILL)
        if not self._ended(run, 10):
            message = f"“{run.name}” can't be killed (process {holder and holder.pid}): end it by hand."
            raise TrainingError(message, "run_alive", run=run.name)

    def _adapter(self, run: Run) -> Path:
        return self.home / "checkpoints" / run.name

    def _remove(self, folder: Path) -> None:
        """In one step for whoever looks: what is renamed with a dot is on no list."""
        trash = folder.with_name(f".trash-{folder.name}-{time.time_ns()}")
        folder.rename(trash)
        shutil.rmtree(trash)


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what a training process has no use for and could leak."""
    return {name: value for name, value in environment.items() if not any(word in name.upper() for word in _SECRETS)}


_SECRETS = ("TOKEN", "KEY", "SECRET")
