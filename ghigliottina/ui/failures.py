"""What can go wrong, said to a visitor. Errors speak English by themselves; here is their Italian, by `code`."""

from ghigliottina.errors import GhigliottinaError
from ghigliottina.ui.text import Language, say

ITALIAN = {
    # what was typed
    "clue_empty": "L’indizio {place} è vuoto, ma contano tutti e cinque: scrivi una parola.",
    "clues_few": "Gli indizi sono {given}, ma ne servono cinque.",
    "clues_many": "Gli indizi sono {given}, ma ne servono solo cinque.",
    "clue_repeated": "L’indizio “{clue}” c’è due volte, ma ne servono cinque diversi: cambiane uno.",
    "clue_long": "L’indizio “{word}…” ha {length} caratteri: al massimo {most}.",
    "clue_strange": "L’indizio “{word}” non è una parola: usa lettere, cifre, spazi, apostrofi, accenti.",
    "solution_long": "La soluzione “{word}…” ha {length} caratteri: al massimo {most}.",
    "solution_strange": "La soluzione “{word}” non è una parola: usa lettere, cifre, spazi, apostrofi, accenti.",
    # whose turn it is
    "line_full": "Ci sono già {waiting} persone in fila per il modello: riprova tra poco, o usa i soli legami.",
    "host_closed": "L’applicazione si sta spegnendo: riprova quando sarà ripartita.",
    # which model
    "model_none": "Nessun modello è installato: scegli “Solo legami”.",
    "checkpoint_unknown": "Il modello “{name}” non c’è: scegline uno dell’elenco.",
    "checkpoint_unfetched": "Il modello “{name}” non è ancora su questo computer: va prima scaricato.",
    "checkpoint_absent": "La cartella del modello “{name}” non c’è.",
    "checkpoint_half": "Il modello “{name}” è scritto a metà: va rifatto o tolto.",
    "checkpoint_damaged": "Il modello “{name}” è danneggiato ({file}): va rifatto o scaricato di nuovo.",
    "checkpoint_weights": "Al modello “{name}” mancano i pesi ({file}): va rifatto o scaricato di nuovo.",
    "checkpoint_tensor": "Al modello “{name}” manca una parte ({tensor}): va rifatto o scaricato di nuovo.",
    "checkpoint_tokenizer": "Al modello “{name}” manca tokenizer.json: va salvato accanto ai pesi.",
    "checkpoint_index": "L’indice del modello “{name}” nomina “{file}”, che non è un suo file di pesi.",
    "checkpoint_code": "Il modello “{name}” contiene “{file}”, che potrebbe eseguire codice: non viene caricato.",
    "checkpoint_link": "Il modello “{name}” contiene “{file}”, che porta fuori dalla sua cartella: non viene caricato.",
    "checkpoint_remote_code": "Il modello “{name}” chiede di eseguire codice suo ({file}): non viene caricato.",
    "checkpoint_family": "Il modello “{name}” è di tipo “{family}”, che qui non si può usare.",
    "checkpoint_variant": "Il modello “{name}” non è un Gemma 3 comune ({fields}).",
    "checkpoint_record": "La scheda del modello “{name}” è sbagliata alla voce “{key}”.",
    "checkpoint_grammar": "Il modello “{name}” risponde in una forma sconosciuta, “{grammar}”.",
    "adapter_base": "All’adattatore “{name}” serve il modello “{base}”, che qui non c’è.",
    "adapter_misfit": "L’adattatore “{name}” è fatto per un altro modello.",
    "adapter_type": "L’adattatore “{name}” è di tipo “{type}”, ma si usano solo LoRA.",
    "adapter_fields": "L’adattatore “{name}” non è un semplice LoRA ({fields}).",
    "adapter_rank": "L’adattatore “{name}” ha un rango che non va: da 1 a {most}.",
    "adapter_tensor": "L’adattatore “{name}” contiene “{tensor}”, che non è parte di un semplice LoRA.",
    "hub_gated": "Il modello “{name}” non si può scaricare: bisogna accettarne la licenza su huggingface.co.",
    "hub_unknown": "Il modello “{name}” non si può scaricare: l’hub non lo conosce o non lo mostra.",
    "hub_unreachable": "Il modello “{name}” non si può scaricare: la rete o il disco non lo permettono.",
    "embedded_package": "Il pacchetto del modello incluso manca o è danneggiato: va reinstallato.",
    "embedded_disk": "Il modello incluso non si può preparare: manca spazio sul disco o il permesso di scrivere.",
    "encoder_unreadable": "Il codificatore di parole “{name}” non si può caricare.",
}
"""code → Italian; `{names}` are the error's details."""

ENGLISH = {
    "embedded_package": "The package of the embedded model is missing or damaged: install it again.",
    "embedded_disk": "The embedded model can’t be prepared: the disk is full, or not ours to write to.",
    "encoder_unreadable": "The word encoder “{name}” can’t be loaded.",
    "hub_unreachable": "“{name}” can’t be downloaded: the network or the disk don’t allow it.",
}
"""code → English, where the error's own words name folders of the server, which are no visitor's business."""


def failure(problem: Exception, language: Language) -> str:
    """What went wrong, in the visitor's language where we know how to say it, else as the error says it itself.

    A bug shows as one, without its innards.
    """
    if not isinstance(problem, GhigliottinaError):
        return say("error_bug", language)
    known = (ITALIAN if language is Language.IT else ENGLISH).get(problem.code)
    return known.format(**problem.details) if known else str(problem)
