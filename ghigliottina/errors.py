"""Everything that can go wrong and is not a bug. Each message says the fact, the reason and the remedy.

    GhigliottinaError          exit 1
    ├── InputError             exit 2   what was typed or handed in can't be used
    │   ├── PuzzleError                 the clues, the solution
    │   └── PuzzleFileError             a file of puzzles; names the line
    ├── CheckpointError        exit 3   a checkpoint can't be found, trusted, or read
    ├── TrainingError          exit 1   a training run can't go on
    ├── BusyError              exit 4   somebody else holds what is needed; later it will work
    └── AssetError             exit 5   a file that ships with the project is missing or damaged

Anything else that escapes is a bug and shows as one.
"""


class GhigliottinaError(Exception):
    """Base of all errors that a person can act on; `str(error)` is ready to be shown to them, in English.

    `code` and `details` let the page say the same in the visitor's language (`ui/text.py`).
    """

    exit_code = 1

    def __init__(self, message: str, code: str = "", **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class InputError(GhigliottinaError):
    """What was typed or handed in can't be used as it is."""

    exit_code = 2


class PuzzleError(InputError):
    """These clues, or this solution, make no puzzle."""


class PuzzleFileError(InputError):
    """A puzzle file, or a line of it, is no puzzle; the line's number is in the message and in `details["line"]`."""


class CheckpointError(GhigliottinaError):
    """A checkpoint is unknown, incomplete, unsafe to read, or out of reach."""

    exit_code = 3


class TrainingError(GhigliottinaError):
    """A training run can't go on: its numbers are no numbers any more, its memory or its disk is full."""


class BusyError(GhigliottinaError):
    """Somebody else holds what is needed; the same request will work later."""

    exit_code = 4


class AssetError(GhigliottinaError):
    """A file that ships with the project is missing or damaged."""

    exit_code = 5
