"""What the workshop says, Italian and English side by side; part of `text.TEXTS`."""

TRAIN_TEXTS: dict[str, tuple[str, str]] = {
    "tab_train": ("Allena", "Train"),
    # the order
    "recipe": ("Prepara un allenamento", "Prepare a training"),
    "recipe_hint": (
        "Il modello risponde più volte allo stesso puzzle, le ricompense danno i punti, e le risposte migliori del "
        "loro gruppo diventano un po’ più probabili: questo è il GRPO.",
        "The model answers the same puzzle several times, the rewards give points, and answers that beat their group "
        "become a little more likely: this is GRPO.",
    ),
    "preset": ("Quanto tempo hai?", "How much time do you have?"),
    "preset_demo-2": ("Due minuti", "Two minutes"),
    "preset_demo-10": ("Dieci minuti", "Ten minutes"),
    "preset_sft": ("Le basi, con esempi", "The basics, by examples"),
    "preset_gpu": ("Ho una GPU", "I have a GPU"),
    "start": ("Modello di partenza", "Model to start from"),
    "difficulty": ("Puzzle", "Puzzles"),
    "difficulty_all": ("tutti", "all"),
    "difficulty_easy": ("facili", "easy"),
    "difficulty_medium": ("medi", "medium"),
    "difficulty_hard": ("difficili", "hard"),
    "steps": ("Passi", "Steps"),
    "puzzles": ("Puzzle per passo", "Puzzles a step"),
    "completions": ("Risposte per puzzle", "Answers a puzzle"),
    "advanced": ("Per esperti", "For experts"),
    "learning_rate": ("Tasso di apprendimento", "Learning rate"),
    "seed": ("Seme del caso", "Random seed"),
    "weights": ("Che cosa premiare, e quanto", "What to reward, and how much"),
    "weights_hint": (
        "A 0 una ricompensa non conta. Prova a premiare solo la forma: il modello impara la forma, e non la parola.",
        "At 0 a reward doesn’t count. Try to reward the form alone: the model learns the form, and not the word.",
    ),
    "command": ("Lo stesso, dal terminale", "The same, from a terminal"),
    "measure": ("Misura un passo", "Measure a step"),
    "measuring": ("Misura in corso: un passo vero, a parte…", "Measuring: one real step, aside…"),
    "estimate": (
        "Un passo misurato: {seconds} s. Tutto: {time}. Memoria: {memory} GB su {available}.",
        "A measured step: {seconds} s. In all: {time}. Memory: {memory} GB of {available}.",
    ),
    "estimate_none": (
        "Tempo e memoria: ancora non misurati su questo computer.",
        "Time and memory: not measured on this machine yet.",
    ),
    "estimate_tight": (
        "È più memoria di quanta ce n’è: meno risposte o meno puzzle per passo.",
        "This is more memory than there is: fewer answers or fewer puzzles a step.",
    ),
    "launch": ("Allena", "Train"),
    "starting": (
        "In partenza: ci vuole qualche secondo…",
        "Starting: this takes a few seconds…",
    ),
    "training_off": (
        "Su questo server gli allenamenti sono spenti: si può guardare, non avviare. Sul tuo computer si può tutto.",
        "Trainings are switched off on this server: watch, but don’t start. On your own computer you can do it all.",
    ),
    # a run
    "run_none": (
        "Ancora nessun allenamento: preparane uno qui sopra, e lo vedrai imparare.",
        "No training yet: prepare one above, and you will see it learn.",
    ),
    "run": ("Allenamento", "Training"),
    "history": ("Tutti gli allenamenti", "All trainings"),
    "history_row": ("{name} · {state} · passo {step} di {steps}", "{name} · {state} · step {step} of {steps}"),
    "history_reward": (" · ricompensa {reward}", " · reward {reward}"),
    "state_queued": ("in partenza", "starting"),
    "state_running": ("si allena", "training"),
    "state_stopping": ("si ferma e salva", "stopping and saving"),
    "state_stopped": ("fermato", "stopped"),
    "state_finished": ("finito", "finished"),
    "state_failed": ("interrotto", "failed"),
    "phase_prepare": ("Prepara i puzzle", "Preparing the puzzles"),
    "phase_load": ("Carica il modello", "Loading the model"),
    "phase_rollouts": ("Il modello prova a rispondere", "The model tries its answers"),
    "phase_loss": ("Confronta le risposte e impara", "Comparing the answers and learning"),
    "phase_save": ("Salva", "Saving"),
    "phase_done": ("Ha finito", "Done"),
    "step_of": ("passo {step} di {steps}", "step {step} of {steps}"),
    "left": ("mancano circa {time}", "about {time} left"),
    "took": ("{time} in tutto", "{time} in all"),
    "time_seconds": ("{seconds} s", "{seconds} s"),
    "time_minutes": ("{minutes} min", "{minutes} min"),
    "time_hours": ("{hours} h {minutes} min", "{hours} h {minutes} min"),
    "stop_save": ("Ferma e salva", "Stop and save"),
    "discard": ("Scarta", "Discard"),
    "discard_sure": ("Sì, butta via tutto", "Yes, throw it all away"),
    "discard_no": ("No, tienilo", "No, keep it"),
    "resume": ("Riprendi", "Resume"),
    "merge": ("Unisci al modello", "Merge into the model"),
    "play": ("Gioca con questo", "Play with this"),
    "merge_running": (
        "Unisce l’adattatore al suo modello e confronta i due: un minuto o due…",
        "Merging the adapter into its model and comparing the two: a minute or two…",
    ),
    "merge_done": (
        "Unito: il modello intero ora è nell’elenco dei modelli.",
        "Merged: the whole model is on the list of models now.",
    ),
    "merge_failed": ("L’unione non è riuscita.", "The merge didn’t work out."),
    "discarded": ("Buttato via.", "Thrown away."),
    "log": ("La fine del registro", "The end of the log"),
    "busy_training": (
        "È in corso un allenamento: le risposte del modello arriveranno più lente.",
        "A training is under way: the model’s answers will be slower.",
    ),
    # the curves
    "curves": ("Come sta imparando", "How it is learning"),
    "curves_hint": (
        "Un punto per passo; la linea è la media degli ultimi, perché ogni passo ha altri puzzle e i salti sono "
        "normali.",
        "A dot for each step; the line is the mean of the latest, as every step has other puzzles and jumps are "
        "normal.",
    ),
    "curves_none": ("Le curve cominciano dopo il primo passo.", "The curves begin after the first step."),
    "curve_said": (
        "{title}: {first} al passo {from_step}, {last} al passo {to_step}; la più bassa {lowest}, la più alta "
        "{highest}.",
        "{title}: {first} at step {from_step}, {last} at step {to_step}; lowest {lowest}, highest {highest}.",
    ),
    "curve_reward": ("Ricompensa totale", "Total reward"),
    "curve_reward_means": (
        "Quanti punti prende in media una risposta, su {maximum}. Se la linea sale, il modello impara.",
        "The points that an answer earns on average, of {maximum}. If the line rises, the model learns.",
    ),
    "curve_exact_match_means": (
        "Quante risposte sono proprio la soluzione: è lo scopo di tutto.",
        "How many answers are the very solution: what it is all about.",
    ),
    "curve_semantic_similarity_means": (
        "Quanto il senso della risposta è vicino alla soluzione: premia chi quasi ci arriva.",
        "How near the answer’s sense is to the solution: it pays for almost getting there.",
    ),
    "curve_reasoning_steps_means": (
        "Quanti dei cinque indizi hanno una riga che li lega alla risposta.",
        "How many of the five clues have a line that links them to the answer.",
    ),
    "curve_think_length_means": (
        "Se il ragionamento ha la misura giusta, né un monosillabo né un romanzo.",
        "Whether the reasoning has the right measure, neither a grunt nor a novel.",
    ),
    "curve_completion_length_means": (
        "Se il testo intero finisce in tempo: scende quando il modello divaga.",
        "Whether the whole text ends in time: it falls when the model rambles.",
    ),
    "curve_strict_format_means": (
        "Quante risposte hanno la forma esatta e niente di più. Di solito si impara per prima.",
        "How many answers have the exact form and nothing more. Usually learnt first.",
    ),
    "curve_soft_format_means": (
        "La stessa forma, ma spazi e maiuscole sono perdonati.",
        "The same form, but spacing and case are forgiven.",
    ),
    "curve_strict_xml_count_means": (
        "Quanti dei quattro marcatori stanno soli al loro posto: dà punti anche a chi la forma la sa a metà.",
        "How many of the four marks stand in their own place: it pays even those who half know the form.",
    ),
    "curve_soft_xml_count_means": (
        "Quanti dei quattro marcatori ci sono, ovunque; le copie di troppo costano.",
        "How many of the four marks are there, anywhere; copies cost.",
    ),
    "curve_length": ("Lunghezza", "Length"),
    "curve_length_means": (
        "Quanti token scrive in media. Se cresce e la ricompensa no, allunga il brodo.",
        "The tokens it writes on average. If they grow and the reward doesn’t, it is padding.",
    ),
    "curve_entropy": ("Incertezza", "Entropy"),
    "curve_entropy_means": (
        "Quanto esita fra una parola e l’altra. Vicino a zero dà sempre la stessa risposta, e non ha più nulla da "
        "confrontare.",
        "How much it wavers between words. Near zero it always gives the same answer, and has nothing left to compare.",
    ),
    "curve_no_signal": ("Puzzle senza segnale", "Puzzles without signal"),
    "curve_no_signal_means": (
        "Quanti puzzle hanno dato gli stessi punti a tutte le loro risposte: lì nessuna è migliore, e non si impara "
        "nulla.",
        "How many puzzles paid all of their answers the same: none is better there, so nothing is learnt.",
    ),
    "curve_clipped": ("Risposte tagliate", "Answers cut off"),
    "curve_clipped_means": (
        "Quante risposte erano troppo lunghe e sono state interrotte.",
        "How many answers were too long and were cut off.",
    ),
    "curve_loss": ("Perdita", "Loss"),
    "curve_loss_grpo_means": (
        "Ciò che l’ottimizzatore riduce. Nel GRPO resta attorno a zero e non dice se si impara: guarda la ricompensa.",
        "What the optimizer makes smaller. In GRPO it hovers around zero and doesn’t tell whether it learns: watch the "
        "reward.",
    ),
    "curve_loss_sft_means": (
        "Quanto gli esempi lo sorprendono ancora: deve scendere.",
        "How much the examples still surprise it: it should fall.",
    ),
    "curve_accuracy": ("Pezzi indovinati", "Pieces guessed right"),
    "curve_accuracy_means": (
        "Quante volte indovina il prossimo pezzo di un esempio: deve salire.",
        "How often it guesses the next piece of an example: it should rise.",
    ),
    # before and after
    "samples": ("Prima e dopo", "Before and after"),
    "samples_hint": (
        "Sempre lo stesso puzzle, che non è fra quelli dell’allenamento: {clues}. La soluzione è {solution}.",
        "Always the same puzzle, which is not one of the training’s: {clues}. The solution is {solution}.",
    ),
    "sample_before": ("Prima dell’allenamento", "Before training"),
    "sample_at": ("Al passo {step}", "At step {step}"),
    "sample_awaited": ("La seconda risposta arriva fra qualche passo.", "The second answer comes in a few steps."),
    "points_of": ("{total} punti su {maximum}", "{total} points of {maximum}"),
    # the rollouts
    "rollouts": ("Le risposte, una per una", "The answers, one by one"),
    "rollouts_hint": (
        "Il vantaggio dice quanto una risposta è migliore delle sue compagne: sopra zero diventa più probabile, sotto "
        "zero meno.",
        "The advantage says how much better an answer is than its companions: above zero it becomes more likely, below "
        "zero less.",
    ),
    "follow": ("Segui l’ultimo passo", "Follow the latest step"),
    "rollouts_none": (
        "Di questo passo non ci sono risposte da mostrare.",
        "There are no answers of this step to show.",
    ),
    "group": ("Puzzle {group}: {clues}", "Puzzle {group}: {clues}"),
    "group_solution": ("Soluzione: {solution}", "Solution: {solution}"),
    "group_flat": (
        "Tutte le risposte valgono lo stesso: da questo puzzle non si impara.",
        "All answers are worth the same: nothing is learnt from this puzzle.",
    ),
    "answer_word": ("Risposta", "Answer"),
    "best": ("la migliore", "best"),
    "worst": ("la peggiore", "worst"),
    "advantage": ("Vantaggio", "Advantage"),
    "text": ("Il testo", "The text"),
    "tokens": ("{tokens} token", "{tokens} tokens"),
}  # fmt: skip
"""key → (Italian, English), see `text.say`."""
