import pytest

from ghigliottina.errors import InputError
from ghigliottina.training.recipe import PRESETS
from ghigliottina.ui.train_screen import ALL, PICKED, preset_recipe, recipe_of
from rewards import RUBRIC


def asked(preset, **changes):
    """What the components hold when the form is as its preset fills it in."""
    values = preset_recipe(preset, ["uno"]).as_json() | {"difficulty": ALL} | changes
    weights = RUBRIC.weights | values["weights"]
    return [preset, *(values[name] for name in PICKED), *weights.values()]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_form_that_nobody_touched_is_its_preset(preset):
    assert recipe_of(*asked(preset)) == preset_recipe(preset, ["uno"])


@pytest.mark.parametrize(
    ("names", "start"),
    [(["uno", PRESETS["sft"].start], PRESETS["sft"].start), (["uno", "due"], "uno"), ([], PRESETS["sft"].start)],
    ids=["its own", "the shelf lacks it", "an empty shelf"],
)
def test_where_a_preset_starts(names, start):
    assert preset_recipe("sft", names).start == start


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"difficulty": "hard"}, "difficulty", "hard"),
        ({"steps": 3}, "steps", 3),
        ({"start": "altro"}, "start", "altro"),
        ({"weights": {"exact_match": 0.0, "strict_format": 4}}, "weights", {"exact_match": 0.0, "strict_format": 4}),
    ],
)
def test_what_a_visitor_changes_changes_the_recipe(changes, field, value):
    assert getattr(recipe_of(*asked("demo-2", **changes)), field) == value


def test_learning_by_examples_has_no_weights():
    assert recipe_of(*asked("sft", weights={"exact_match": 0.0})).weights == {}


@pytest.mark.parametrize(
    "changes",
    [{"steps": None}, {"steps": 0}, {"puzzles": 10_000}, {"completions": 1}, {"learning_rate": None},
     {"learning_rate": -1}, {"seed": -3}, {"difficulty": "x"}, {"weights": dict.fromkeys(RUBRIC.names, 0)}],
    ids=str,
)  # fmt: skip
def test_what_can_not_be_is_refused(changes):
    with pytest.raises(InputError):
        recipe_of(*asked("demo-2", **changes))
