"""Is it at least a word like it?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from rewards.completion import Completion
from rewards.rubric import Case, Embedder, Verdict
from rewards.words import LONGEST, bare, clip, inflection_of, same_word

CEILING = 0.95
"""No other word comes closer than this, however alike the encoder finds them: only an exact match earns 1."""


@dataclass(frozen=True, slots=True)
class SemanticSimilarity:
    """The answer's meaning is near the solution's: 0 where two random words stand, 1 for the solution itself.

    With the solution luna, `soluzione: luna.` earns 1, `soluzione: sole.` about 0.2 and `soluzione: banana.` 0. None
    without a solution or an encoder. It is a weak proxy for a link (latte and luna are not alike), hence its small
    weight. Gamed elsewhere by echoing a clue and by lists of words: an answer that is a clue, or a form of one, and
    an answer of more words than the solution earn 0.
    """

    embedder: Embedder | None = None

    def __call__(self, completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
        """Judge one."""
        return self.judge_all([(completion, clues, solution)])[0]

    def with_embedder(self, embedder: Embedder | None) -> "SemanticSimilarity":
        """The same reward, asking this encoder."""
        return SemanticSimilarity(embedder)

    def judge_all(self, cases: Sequence[Case]) -> list[Verdict]:
        """Judge many with one call of the encoder, for the words that need it only."""
        plain = [self._without_encoder(*case) for case in cases]
        pairs = {
            (bare(completion.answer), bare(solution or ""))
            for (completion, _, solution), verdict in zip(cases, plain, strict=True)
            if verdict is None
        }
        near = self._near(sorted(pairs))
        return [
            verdict or _near_verdict(case[0].answer, near[bare(case[0].answer), bare(case[2] or "")])
            for case, verdict in zip(cases, plain, strict=True)
        ]

    def _without_encoder(self, completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict | None:
        """The verdict, where no encoder is needed to reach it."""
        if solution is None or self.embedder is None:
            return Verdict(None, "no_solution" if solution is None else "no_encoder")
        answer = completion.answer
        if not answer:
            return Verdict(0.0, "no_answer")
        if same_word(answer, solution):
            return Verdict(1.0, "exact")
        if count(answer) > count(solution):
            return Verdict(0.0, "list", {"words": count(answer)})
        if len(answer) > LONGEST:
            return Verdict(0.0, "other", {"answer": clip(answer), "solution": solution})
        echoed = next((clue for clue in clues if inflection_of(bare(answer), bare(clue))), None)
        return Verdict(0.0, "echo", {"answer": answer, "clue": echoed}) if echoed is not None else None

    def _near(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
        """How near the two words of each pair are, in [0, CEILING]."""
        if not pairs or self.embedder is None:
            return {}
        words = sorted({word for pair in pairs for word in pair})
        vectors = dict(zip(words, self.embedder(words), strict=True))
        median = self.embedder.median
        cosines = {pair: sum(map(mul, vectors[pair[0]], vectors[pair[1]])) for pair in pairs}
        return {pair: min(CEILING, max(0.0, (cosine - median) / (1 - median))) for pair, cosine in cosines.items()}


semantic_similarity = SemanticSimilarity()
"""The reward without an encoder; `Rubric.with_embedder` gives it one."""


def count(text: str) -> int:
    """How many words an answer has, its article left out: `l'oro` has one, `luna/sole` two."""
    return len(re.findall(r"[\w'’]+", bare(text)))


def _near_verdict(answer: str, value: float) -> Verdict:
    return Verdict(value, "near", {"answer": answer, "similarity": value})
