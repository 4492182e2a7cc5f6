"""La Ghigliottina: five clue words, one hidden word that each of them links to.

The centre is pure: `game` (puzzles, rules) and `rewards` (what an answer earns) know no model, file or screen.
Around it, `links` knows what Italians say, `models` runs language models behind a one-method seam, `prompt`
holds every word that a model reads, `solver` turns a puzzle into a growing answer, and at the rim `cli` and
`ui` show it. Arrows point one way only (`tests/test_architecture.py`), and heavy libraries are imported inside
the functions that need them, so that asking the link graph costs a fraction of a second.
"""
