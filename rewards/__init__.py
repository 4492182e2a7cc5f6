"""What we value in an answer, and how much. Standard library only; knows no model, file or screen."""

from rewards.completion import ANSWER, GRAMMARS, SOLUZIONE, Completion, Grammar
from rewards.format import soft_format, soft_xml_count, strict_format, strict_xml_count
from rewards.length import completion_length, think_length
from rewards.reasoning import reasoning_steps
from rewards.rubric import WHY, Breakdown, Embedder, Entry, Rubric, Score, Verdict
from rewards.similarity import semantic_similarity
from rewards.solution import exact_match

RUBRIC = Rubric(
    (
        Entry("exact_match", exact_match, 2.0),
        Entry("semantic_similarity", semantic_similarity, 0.5),
        Entry("reasoning_steps", reasoning_steps, 0.5),
        Entry("think_length", think_length, 0.25),
        Entry("completion_length", completion_length, 0.25),
        Entry("strict_format", strict_format, 0.5),
        Entry("soft_format", soft_format, 0.25),
        Entry("strict_xml_count", strict_xml_count, 0.25),
        Entry("soft_xml_count", soft_xml_count, 0.25),
    )
)
"""The one list of what we value. The page, the trainer and the evaluation all read it here."""

__all__ = [
    "ANSWER",
    "GRAMMARS",
    "RUBRIC",
    "SOLUZIONE",
    "WHY",
    "Breakdown",
    "Completion",
    "Embedder",
    "Entry",
    "Grammar",
    "Rubric",
    "Score",
    "Verdict",
]
