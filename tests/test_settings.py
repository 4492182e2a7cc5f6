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


@pytest.mark.parametrize(
    ("environment", "host", "allowed"),
    [
        pytest.param({}, "127.0.0.1", True, id="this machine alone"),
        pytest.param({}, "::1", True, id="this machine alone, IPv6"),
        pytest.param({}, "localhost", True, id="this machine alone, by name"),
        pytest.param({}, "0.0.0.0", False, id="everybody"),
        pytest.param({}, "example.org", False, id="a name"),
        pytest.param({"SPACE_ID": "me/game"}, "127.0.0.1", False, id="a public Space"),
        pytest.param({"SPACE_ID": "me/game", "GHIGLIOTTINA_TRAINING": "on"}, "0.0.0.0", True, id="its owner allows it"),
        pytest.param({"GHIGLIOTTINA_TRAINING": "off"}, "127.0.0.1", False, id="forbidden"),
        pytest.param({"GHIGLIOTTINA_TRAINING": ""}, "127.0.0.1", True, id="empty is unset"),
    ],
)
def test_who_may_train_from_the_page(environment, host, allowed):
    assert Settings.from_environment(environment, host).allow_training is allowed


def test_a_switch_is_on_or_off():
    with pytest.raises(InputError, match="GHIGLIOTTINA_TRAINING"):
        Settings.from_environment({"GHIGLIOTTINA_TRAINING": "yes"})
