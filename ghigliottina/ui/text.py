"""Every word that a visitor reads, Italian and English side by side: a missing translation can't happen."""

from enum import StrEnum

from ghigliottina.ui.train_text import TRAIN_TEXTS


class Language(StrEnum):
    """The languages of the page. The game, and what models write, is Italian in both."""

    IT = "it"
    EN = "en"


TEXTS: dict[str, tuple[str, str]] = {
    # the page
    "title": ("La Ghigliottina", "La Ghigliottina"),
    "tagline": ("Cinque indizi, una parola sola.", "Five clues, one single word."),
    "language": ("Lingua", "Language"),
    "tab_solve": ("Risolvi", "Solve"),
    # the board
    "clue": ("Indizio {number}", "Clue {number}"),
    "board_hint": (
        "Scrivi cinque parole, o incollale tutte insieme: con Invio passi alla prossima.",
        "Type five Italian words, or paste them all at once: Enter moves on to the next.",
    ),
    "examples": ("Prova con", "Try one of these"),
    "solver": ("Chi risponde", "Who answers"),
    "solver_model+links": ("Modello e legami", "Model and links"),
    "solver_model": ("Modello da solo", "Model alone"),
    "solver_links": ("Solo legami", "Links alone"),
    "checkpoint": ("Modello", "Model"),
    "know": ("Conosco la soluzione", "I know the solution"),
    "solution": ("La soluzione", "The solution"),
    "solution_hint": (
        "Serve solo alle ricompense: chi risponde non la vede.",
        "Only the rewards use it: whoever answers never sees it.",
    ),
    "go": ("Risolvi", "Solve"),
    "stop": ("Ferma", "Stop"),
    # the model's state
    "model_ready": ("Il modello è pronto.", "The model is ready."),
    "model_waiting": ("Il modello si carica alla prima domanda.", "The model loads at the first question."),
    "model_preparing": ("Il modello si sta preparando… {percent} %", "The model is getting ready… {percent}%"),
    "model_loading": ("Il modello si carica… {percent} %", "The model is loading… {percent}%"),
    "model_failed": ("Il modello non si può usare: {reason}", "The model can’t be used: {reason}"),
    "model_none": ("Nessun modello installato: rispondono i legami.", "No model is installed: the links answer."),
    "model_meanwhile": ("Intanto puoi risolvere con i soli legami.", "Meanwhile you can solve with links alone."),
    # while it runs
    "answer_awaited": ("La parola nascosta", "The hidden word"),
    "busy_links": ("Cerca tra i legami", "Searching the links"),
    "busy_waiting": ("Sveglia il modello", "Waking the model"),
    "busy_preparing": ("Il modello si prepara: {percent} %", "The model is getting ready: {percent}%"),
    "busy_loading": ("Il modello si carica: {percent} %", "The model is loading: {percent}%"),
    "busy_line": ("In fila: {ahead} prima di te", "In line: {ahead} before you"),
    "busy_reading": ("Legge gli indizi", "Reading the clues"),
    "busy_thinking": ("Ragiona", "Reasoning"),
    "busy_answering": ("Scrive la risposta", "Writing the answer"),
    "seconds": ("{seconds} s", "{seconds} s"),
    # the answer
    "answer": ("La risposta è", "The answer is"),
    "answer_none": ("Nessuna risposta", "No answer"),
    "answer_in": ("Trovata in {seconds} s", "Found in {seconds} s"),
    "ended_in": ("Finito dopo {seconds} s", "Ended after {seconds} s"),
    "cut_stop": ("Fermato dopo {seconds} s", "Stopped after {seconds} s"),
    "cut_time": ("Tempo scaduto dopo {seconds} s", "Out of time after {seconds} s"),
    "spoken": ("La risposta è {answer}. {tone}.", "The answer is {answer}. {tone}."),
    "origin_first": ("È la prima della classifica dei legami.", "It is the first of the links’ ranking."),
    "origin_candidate": (
        "È la numero {rank} della classifica: il modello l’ha preferita a “{first}”.",
        "It is number {rank} of the ranking: the model preferred it to “{first}”.",
    ),
    "origin_own": (
        "È una parola del modello: la classifica non la conosce.",
        "It is the model’s own word: the ranking doesn’t know it.",
    ),
    "origin_nobody": ("Il testo finisce prima di una risposta.", "The text ends before an answer."),
    "tone_sure": ("Ne sono sicuro", "I’m sure of it"),
    "tone_fairly": ("Ne sono abbastanza sicuro", "I’m fairly sure"),
    "tone_maybe": ("Forse è questa", "It may be this one"),
    "tone_guess": ("Tiro a indovinare", "I’m guessing"),
    "chance": ("probabilità stimata {percent} %", "estimated chance {percent}%"),
    "right": ("Esatta!", "Correct!"),
    "wrong": ("La soluzione era “{solution}”.", "The solution was “{solution}”."),
    # the five links
    "links": ("Come ogni indizio porta alla parola", "How each clue leads to the word"),
    "linked": ("legato", "linked"),
    "claimed": ("lo dice il modello", "so says the model"),
    "unlinked": ("nessun legame noto", "no known link"),
    # the reasoning
    "thought": ("Il ragionamento", "The reasoning"),
    "thought_none": ("I soli legami non ragionano: contano.", "Links alone don’t reason: they count."),
    "thought_awaited": ("Qui il modello pensa ad alta voce.", "Here the model thinks aloud."),
    # the ranking
    "ranking": ("Le dieci parole più legate", "The ten best-linked words"),
    "ranking_hint": ("Apri una parola per leggere le frasi.", "Open a word to read its phrases."),
    "ranking_none": ("Nessuna parola si lega a questi indizi.", "No word links to these clues."),
    "ranking_linked": ("indizi legati: {linked} su {clues}", "clues linked: {linked} of {clues}"),
    # the rewards
    "rewards": ("Le ricompense", "The rewards"),
    "rewards_hint": (
        "Quanto vale questa risposta per chi addestra il modello.",
        "What this answer is worth to whoever trains the model.",
    ),
    "rewards_unknown": (
        "Senza la soluzione, alcune non si possono giudicare: scrivila sotto “Conosco la soluzione”.",
        "Without the solution some can’t be judged: type it under “I know the solution”.",
    ),
    "reward": ("Ricompensa", "Reward"),
    "value": ("Valore", "Value"),
    "weight": ("Peso", "Weight"),
    "points": ("Punti", "Points"),
    "total": ("Totale", "Total"),
    "out_of": ("{total} su {maximum}", "{total} of {maximum}"),
    "unjudged": ("non giudicata", "not judged"),
    "reward_exact_match": ("Risposta esatta", "Exact match"),
    "reward_semantic_similarity": ("Vicinanza di senso", "Semantic similarity"),
    "reward_reasoning_steps": ("Passi del ragionamento", "Reasoning steps"),
    "reward_think_length": ("Lunghezza del pensiero", "Think length"),
    "reward_completion_length": ("Lunghezza del testo", "Completion length"),
    "reward_strict_format": ("Forma esatta", "Strict format"),
    "reward_soft_format": ("Forma riconoscibile", "Soft format"),
    "reward_strict_xml_count": ("Marcatori esatti", "Strict mark count"),
    "reward_soft_xml_count": ("Marcatori presenti", "Soft mark count"),
    "raw": ("Il testo grezzo", "The raw text"),
    "raw_hint": (
        "Ciò che il modello ha scritto davvero, lettera per lettera: è questo che le ricompense giudicano.",
        "What the model really wrote, letter by letter: this is what the rewards judge.",
    ),
    # why a reward pays what it pays: `rewards.WHY`
    "why_no_solution": ("La soluzione non è nota.", "The solution isn’t known."),
    "why_no_encoder": ("Manca il codificatore di parole.", "The word encoder is missing."),
    "why_no_clues": ("Mancano gli indizi.", "The clues are missing."),
    "why_no_answer": ("Non c’è una risposta.", "There is no answer."),
    "why_exact": ("È proprio la soluzione.", "It is the very solution."),
    "why_inflected": ("“{answer}” è solo un’altra forma di “{solution}”.",
                      "“{answer}” is only another form of “{solution}”."),
    "why_other": ("“{answer}” non è “{solution}”.", "“{answer}” isn’t “{solution}”."),
    "why_echo": ("“{answer}” ripete l’indizio “{clue}”.", "“{answer}” echoes the clue “{clue}”."),
    "why_list": ("Sono {words} parole: ne vale una sola.", "These are {words} words: only one counts."),
    "why_near": ("“{answer}” è vicina alla soluzione per {similarity}.",
                 "“{answer}” is as near to the solution as {similarity}."),
    "why_no_think": ("Non c’è un ragionamento.", "There is no reasoning."),
    "why_steps": ("Indizi con una riga che li lega alla risposta: {linked} su {of}.",
                  "Clues with a line that links them to the answer: {linked} of {of}."),
    "why_steps_missing": ("Indizi con una riga che li lega alla risposta: {linked} su {of}. Senza: {missing}.",
                          "Clues with a line that links them to the answer: {linked} of {of}. Without: {missing}."),
    "why_steps_known": ("Indizi legati da una frase che si dice: {linked} su {of}.",
                        "Clues linked by a known phrase: {linked} of {of}."),
    "why_steps_known_missing": ("Indizi legati da una frase che si dice: {linked} su {of}. Senza: {missing}.",
                                "Clues linked by a known phrase: {linked} of {of}. Without: {missing}."),
    "why_steps_known_guessed": (
        "Indizi legati da una frase che si dice: {linked} su {of}. Tirati a indovinare, e costano: {guessed}.",
        "Clues linked by a known phrase: {linked} of {of}. Guessed, which costs: {guessed}."),
    "why_no_text": ("Non c’è testo.", "There is no text."),
    "why_length_good": ("{tokens} token: la misura giusta.", "{tokens} tokens: the right measure."),
    "why_too_short": ("{tokens} token: almeno {least}.", "{tokens} tokens: at least {least} are wanted."),
    "why_too_long": ("{tokens} token: al massimo {most}.", "{tokens} tokens: at most {most} are wanted."),
    "why_form_kept": ("La forma è rispettata.", "The form is kept."),
    "why_repeated": ("“{mark}” c’è più di una volta.", "“{mark}” is there more than once."),
    "why_loose": ("La forma non è quella stabilita.", "The form isn’t the agreed one."),
    "why_marks": ("Marcatori al loro posto: {present} su {of}.", "Marks in their place: {present} of {of}."),
    "why_marks_surplus": ("Marcatori: {present} su {of}, e {surplus} di troppo.",
                          "Marks: {present} of {of}, and {surplus} too many."),
    "why_marks_after": ("Marcatori al loro posto: {present} su {of}. Caratteri dopo la risposta: {surplus}.",
                        "Marks in their place: {present} of {of}. Characters after the answer: {surplus}."),
    # what can go wrong
    "error": ("Così non va.", "That won’t do."),
    "error_bug": ("Qualcosa si è rotto da parte nostra: riprova, o usa i soli legami.",
                  "Something broke on our side: try again, or use links alone."),
    **TRAIN_TEXTS,
}  # fmt: skip
"""key → (Italian, English); `{names}` are filled in by `say`."""


def say(key: str, language: Language, **details: object) -> str:
    """The text of this key with its details filled in; plain text, to be escaped by whoever makes HTML of it."""
    return TEXTS[key][list(Language).index(language)].format(**details)


def number(value: float, language: Language, digits: int = 2) -> str:
    """A number as the language writes it: 0,25 or 0.25, with a true minus."""
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace(".", ",") if language is Language.IT else text
