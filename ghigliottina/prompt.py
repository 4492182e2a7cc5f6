"""Every word that a model reads is written here: a puzzle, with or without evidence, becomes chat messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ghigliottina.game.puzzle import Puzzle
from ghigliottina.links.candidates import Candidate, Evidence
from ghigliottina.models.engine import Message
from rewards import Completion, Grammar

SHOWN = 4
"""Candidates in the prompt. More would only push the right one further from the answer that a small model copies."""
