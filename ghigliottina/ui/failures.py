"""What can go wrong, said to a visitor. Errors speak English by themselves; here is their Italian, by `code`."""

import logging

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
    # merging and giving away
    "merge_unlike": "L’adattatore “{name}” e il modello unito non dicono lo stesso: non è stato tenuto niente.",
    "merge_whole": "“{name}” è già un modello intero: non c’è niente da unire.",
    "merge_exists": "Il modello “{name}” c’è già: va prima tolto.",
    "merge_disk": "Il modello unito non si può scrivere: manca spazio sul disco o il permesso.",
    "push_foreign": "“{name}” non è stato unito qui: senza la sua storia non si può scriverne la scheda.",
    "push_name": "Il nome sull’hub va scritto per intero: proprietario/modello.",
    "push_token": "Per mandarlo sull’hub serve un permesso, HF_TOKEN.",
    # trainings
    "training_off": "Su questo server gli allenamenti sono spenti: li può accendere solo chi lo gestisce.",
    "recipe": "Nella ricetta, “{name}” non può valere {value}: correggilo.",
    "run_active": "È già in corso l’allenamento “{run}” (processo {pid}): aspetta che finisca, o fermalo.",
    "run_unknown": "L’allenamento “{run}” non c’è più: scegline un altro.",
    "run_ended": "L’allenamento “{run}” è già finito: non c’è niente da fermare.",
    "run_finished": "L’allenamento “{run}” ha già fatto tutti i passi: preparane uno nuovo che parta dal suo modello.",
    "run_alive": "L’allenamento “{run}” è ancora in corso: prima va fermato.",
    "run_recipe": "La ricetta di “{run}” non si legge: scarta l’allenamento e preparane uno nuovo.",
    "run_unsaved": "L’allenamento “{run}” non ha ancora salvato niente: aspetta il primo salvataggio.",
    "merge_active": "Si sta già unendo “{run}”: aspetta che finisca.",
    # what a training can die of
    "worker_died": "Il suo processo è finito senza dire nulla (ucciso, o il computer è ripartito): riprendilo.",
    "status_damaged": "Il suo stato non si legge: riprendilo, e verrà riscritto.",
    "memory": "La memoria non basta: meno risposte o meno puzzle per passo.",
    "disk_full": "Il disco è pieno: libera spazio, poi riprendi dall’ultimo salvataggio.",
    "nan": "I numeri sono usciti dai limiti: riprova con un tasso di apprendimento più basso.",
    "bug": "Si è rotto per un errore del programma: il registro dice quale.",
}
"""code → Italian; `{names}` are the error's details."""

ENGLISH = {
    "embedded_package": "The package of the embedded model is missing or damaged: install it again.",
    "embedded_disk": "The embedded model can’t be prepared: the disk is full, or not ours to write to.",
    "encoder_unreadable": "The word encoder “{name}” can’t be loaded.",
    "hub_unreachable": "“{name}” can’t be downloaded: the network or the disk don’t allow it.",
    "merge_disk": "The merged model can’t be written: the disk is full, or not ours to write to.",
    "run_recipe": "The recipe of “{run}” can’t be read: discard the run and start a new one.",
    "status_damaged": "Its state can’t be read: resume it, and it is written anew.",
    "bug": "It broke by an error of the program: the log says which.",
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


def told(problem: Exception, language: Language) -> str:
    """The same, and a bug goes to the log of the server with its traceback."""
    if not isinstance(problem, GhigliottinaError):
        logging.getLogger(__name__).error("a bug", exc_info=problem)
    return failure(problem, language)


def reason(code: str, words: str, language: Language) -> str:
    """Why a run ended, in the visitor's language where the sentence needs no details, else in its own words."""
    known = (ITALIAN if language is Language.IT else ENGLISH).get(code, "")
    return known if known and "{" not in known else words[:1].upper() + words[1:]
