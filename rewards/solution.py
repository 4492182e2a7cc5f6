"""Is it the word?"""

from collections.abc import Sequence

from rewards.completion import Completion
from rewards.rubric import Verdict
from rewards.words import bare, clip, inflection_of, same_word


def exact_match(completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
    """The answer is the solution: case, article, final punctuation and left-out accents forgiven, nothing else.

    With the solution luna, `soluzione: Luna.` earns 1 and `soluzione: luna, sole.` earns 0. None without a solution.
    Gamed elsewhere by answers that contain the solution among many words; here the whole answer must be it.
    """
    if solution is None:
        return Verdict(None, "no_solution")
    answer = completion.answer
    if not answer:
        return Verdict(0.0, "no_answer")
    if same_word(answer, solution):
        return Verdict(1.0, "exact")
    why = "inflected" if inflection_of(bare(clip(answer)), bare(solution)) else "other"
    return Verdict(0.0, why, {"answer": clip(answer), "solution": solution})
