"""What we value in an answer, and how much. Standard library only; knows no model, file or screen."""

from rewards.completion import ANSWER, GRAMMARS, SOLUZIONE, Completion, Grammar
from rewards.rubric import Breakdown, Embedder, Score

__all__ = ["ANSWER", "GRAMMARS", "SOLUZIONE", "Breakdown", "Completion", "Embedder", "Grammar", "Score"]
