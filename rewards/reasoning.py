"""Does the reasoning link the clues to the answer?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rewards.completion import Completion
from rewards.rubric import Detail, Verdict
from rewards.words import LONGEST, bare, fold, inflection_of, names, same_word, tokens

LONGEST_PHRASE = 14
"""Words. What people say is shorter; a longer one is a list that happens to hold both words."""


Known = Callable[[str], bool]
"""Whether people say a phrase."""
GUESS = 0.5
"""What a claim that isn't true takes away of what a true one earns: guessing pays from one hit in three on."""


@dataclass(frozen=True, slots=True)
class ReasoningSteps:
    """The share of the clues that have a line of their own with a phrase that joins them to the answer.

    With the answer luna, `- miele: luna di miele` counts for miele; `- miele: dolce`, `- miele: miele` and
    `- miele: luna` count for nothing. The phrase must say both words, in any form, or a compound of the two (porta,
    fortuna: portafortuna). Gamed elsewhere by numbered empty lines and `Step 1:`, and by one phrase under
    every clue: here each clue and each phrase counts once. Judged without the solution: a wrong answer can be well
    argued.

    By form alone, *luna pepe* would count too. Who knows what people say (`with_phrases`) counts only that; and a line
    that names its clue or the answer without joining them so is a guess, and costs `GUESS`. When guesses were free,
    training unlearnt to say that no link was found (docs/log.md).
    """

    known: Known | None = None

    def __call__(self, completion: Completion, clues: Sequence[str], solution: str | None) -> Verdict:
        """Judge one."""
        if not clues:
            return Verdict(None, "no_clues")
        answer = completion.answer
        if not answer:
            return Verdict(0.0, "no_answer")
        if echoed := next((clue for clue in clues if same_word(clue, answer)), None):
            return Verdict(0.0, "echo", {"answer": answer, "clue": echoed})
        joined = linked_clues(completion, clues)
        linked = [clue for clue, phrase in joined.items() if self.known is None or self.known(phrase)]
        missing = tuple(clue for clue in clues if clue not in linked)
        details: dict[str, Detail] = {"linked": len(linked), "of": len(clues), "missing": missing}
        if self.known is None:
            return Verdict(len(linked) / len(clues), "steps", details)
        guessed = tuple(clue for clue in missing if claims(completion, clue))
        value = max(0.0, len(linked) - GUESS * len(guessed)) / len(clues)
        return Verdict(value, "steps_known", details | {"guessed": guessed})

    def with_phrases(self, known: Known | None) -> "ReasoningSteps":
        """The same reward, for which only such phrases count."""
        return ReasoningSteps(known)


reasoning_steps = ReasoningSteps()
"""By form alone."""


def linked_clues(completion: Completion, clues: Sequence[str]) -> dict[str, str]:
    """clue → the phrase that joins it to the answer, for those clues whose line has one."""
    wanted = {fold(bare(clue)): clue for clue in clues}
    linked: dict[str, str] = {}
    used: set[str] = set()
    for label, phrase in completion.lines:
        if len(label) > LONGEST or len(phrase) > 2 * LONGEST:
            continue
        clue = wanted.get(fold(bare(label)))
        if clue is None or clue in linked or fold(phrase) in used or not joins(phrase, clue, completion.answer):
            continue
        linked[clue] = phrase
        used.add(fold(phrase))
    return linked


def claims(completion: Completion, clue: str) -> bool:
    """Whether the clue has a line that says more than the clue or the answer alone, and names one of them."""
    for label, phrase in completion.lines:
        if len(label) <= LONGEST and fold(bare(label)) == fold(bare(clue)) and len(tokens(phrase)) > 1:
            said = phrase[: 2 * LONGEST]
            if names(said, clue) or names(said, completion.answer):
                return True
    return False


def joins(phrase: str, clue: str, answer: str) -> bool:
    """Whether the phrase says the clue and the answer: each in any form, as two words, or in a word made of them."""
    words = tokens(phrase)
    if len(words) > LONGEST_PHRASE:
        return False
    both = len(tokens(bare(clue))) + len(tokens(bare(answer)))
    if len(words) >= both and names(phrase, clue) and names(phrase, answer):
        return True
    one, other = fold(bare(clue)), fold(bare(answer))
    grown = {word for word in (one, other) if any(is_grown(said, word) for said in words)}
    if grown and all(word in grown or names(phrase, word) for word in (one, other)):
        return True
    return any(is_compound(said, one, other) for said in words)


def is_grown(word: str, seed: str) -> bool:
    """Whether the word has grown out of the seed: mafioso of mafia, maxischermo of schermo."""
    stem = seed[:-1] if seed.endswith(("a", "e", "i", "o")) else seed
    if len(word) <= len(seed) or len(stem) < 4:
        return False
    return word.startswith(stem) or word.endswith(seed)


def is_compound(word: str, one: str, other: str) -> bool:
    """Whether the word is made of the two, in either order: capolavoro, of capo and lavoro."""
    for left, right in ((one, other), (other, one)):
        if word[:2] == left[:2] and len(word) < LONGEST:
            splits = range(max(3, len(left) - 1), min(len(word) - 2, len(left) + 2))
            if any(inflection_of(word[:i], left) and inflection_of(word[i:], right) for i in splits):
                return True
    return False
