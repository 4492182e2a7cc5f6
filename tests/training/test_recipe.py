import json

import pytest

from ghigliottina.errors import InputError
from ghigliottina.training.recipe import PRESETS, Recipe
from rewards import RUBRIC

WRONG = {
    "an unknown method": ({"method": "magic"}, "method"),
    "no steps": ({"steps": 0}, "steps"),
    "no puzzles": ({"puzzles": 0}, "puzzles"),
    "a rank that no shelf loads": ({"rank": 65}, "rank"),
    "a rate of nothing": ({"learning_rate": 0.0}, "learning_rate"),
    "a rate that diverges": ({"learning_rate": 0.5}, "learning_rate"),
    "a rate that is no number": ({"learning_rate": float("nan")}, "learning_rate"),
    "more than all by heart": ({"by_heart": 1.2}, "by_heart"),
    "a group of one": ({"completions": 1}, "completions"),
    "half a puzzle": ({"puzzles": 1.5}, "puzzles"),
    "ice": ({"temperature": 0.0}, "temperature"),
    "an unknown difficulty": ({"difficulty": "fiendish"}, "difficulty"),
    "a reward that isn't there": ({"weights": {"charm": 1.0}}, "weights"),
    "a fine": ({"weights": {"exact_match": -1.0}}, "weights"),
    "nothing rewarded": ({"weights": dict.fromkeys(RUBRIC.names, 0.0)}, "weights"),
    "a negative share": ({"right_first": -0.1}, "right_first"),
}


@pytest.mark.parametrize(("values", "name"), WRONG.values(), ids=WRONG)
def test_a_bad_value_is_named_with_its_reason_and_a_remedy(values, name):
    with pytest.raises(InputError, match=rf"The recipe's {name} is .+, but .+: .+\.") as caught:
        Recipe(**values)
    assert caught.value.details["name"] == name


@pytest.mark.parametrize("recipe", [*PRESETS.values(), Recipe(weights={"exact_match": 1.5})], ids=[*PRESETS, "own"])
def test_a_recipe_survives_json(recipe):
    assert Recipe.from_json(json.loads(json.dumps(recipe.as_json()))) == recipe


@pytest.mark.parametrize("value", [{"magic": 1}, {"weights": 3}, {"learning_rate": "fast"}])
def test_what_is_no_recipe_is_refused(value):
    with pytest.raises(InputError, match=r".+: .+\."):
        Recipe.from_json(value)


def test_a_warm_start_needs_no_group():
    assert Recipe(method="sft", completions=1).completions == 1
