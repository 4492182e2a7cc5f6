from pathlib import Path

import pytest

from ghigliottina.errors import InputError
from ghigliottina.settings import HUB_CHECKPOINTS, Settings


@pytest.mark.parametrize(
    ("environment", "home"),
    [
        pytest.param({"GHIGLIOTTINA_HOME": "/data/ghi"}, Path("/data/ghi"), id="said"),
        pytest.param({"XDG_CACHE_HOME": "/cache"}, Path("/cache/ghigliottina"), id="the user's cache"),
        pytest.param({}, Path.home() / ".cache" / "ghigliottina", id="nothing said"),
        pytest.param({"GHIGLIOTTINA_HOME": "~/g"}, Path.home() / "g", id="tilde"),
        pytest.param({"GHIGLIOTTINA_HOME": ""}, Path.home() / ".cache" / "ghigliottina", id="empty is unset"),
    ],
)
def test_home(environment, home):
    assert Settings.from_environment(environment).home == home


def test_hub_checkpoints_are_added_to_never_replaced():
    settings = Settings.from_environment({"GHIGLIOTTINA_HUB_CHECKPOINTS": "me/mine, ,you/yours,google/gemma-3-1b-it"})
    assert settings.hub_checkpoints == (*HUB_CHECKPOINTS, "me/mine", "you/yours")
    assert "nazdef/gemma-3-1b-it-ghigliottina-grpo-merged-ckpt1880" in settings.hub_checkpoints


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e400"])
@pytest.mark.parametrize("name", ["GHIGLIOTTINA_ANSWER_SECONDS", "GHIGLIOTTINA_QUEUE_SIZE"])
def test_a_limit_that_is_no_number_is_named(name, text):
    with pytest.raises(InputError, match=name):
        Settings.from_environment({name: text})
