import json

import pytest

from ghigliottina.errors import InputError
from ghigliottina.training.recipe import Recipe

WRONG = {
    "an unknown method": ({"method": "magic"}, "method"),
    "no steps": ({"steps": 0}, "steps"),
    "no puzzles": ({"puzzles": 0}, "puzzles"),
    "a rank that no shelf loads": ({"rank": 65}, "rank"),
    "a rate of nothing": ({"learning_rate": 0.0}, "learning_rate"),
    "a rate that diverges": ({"learning_rate": 0.5}, "learning_rate"),
    "a rate that is no number": ({"learning_rate": float("nan")}, "learning_rate"),
    "more than all by heart": ({"by_heart": 1.2}, "by_heart"),
    "a negative share": ({"right_first": -0.1}, "right_first"),
}


@pytest.mark.parametrize(("values", "name"), WRONG.values(), ids=WRONG)
def test_a_bad_value_is_named_with_its_reason_and_a_remedy(values, name):
    with pytest.raises(InputError, match=rf"The recipe's {name} is .+, but .+: .+\.") as caught:
        Recipe(**values)
    assert caught.value.details["name"] == name


def test_a_recipe_survives_json():
    recipe = Recipe(steps=7, seed=3)
    assert Recipe(**json.loads(json.dumps(recipe.as_json()))) == recipe
