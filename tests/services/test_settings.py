import pytest
from letters_task import LettersTask

from seqstudio.errors import ConfigError
from seqstudio.services.settings import apply_settings, find_preset

PRESET = LettersTask.presets["tiny"]


def test_settings_change_the_training_and_the_task_options() -> None:
    settings = ["epochs=20", "hidden=64", "learning_rate=1e-4", "shift=false", "lags=3,4"]
    preset = apply_settings(PRESET, [*settings, "schedule=plateau"])

    assert (preset.train.epochs, preset.train.learning_rate) == (20, 1e-4)
    assert preset.train.schedule == "plateau"
    assert preset.options.hidden == 64  # type: ignore[attr-defined]
    assert preset.options.lags == (3, 4)  # type: ignore[attr-defined]
    assert preset.options.shift is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("epochs", "setting 'epochs', expected key=value"),
        ("epoch=3", "setting 'epoch' is unknown, expected epochs"),
        ("hiden=3", "setting 'hiden' is unknown, expected hidden"),
        ("zzz=3", "setting 'zzz' is unknown, expected one of accumulate, adapter"),
        ("epochs=2.5", "epochs='2.5', expected int"),
        ("shift=1", "shift='1', expected true or false"),
        ("schedule=sine", "schedule='sine', expected one of 'constant'"),
        ("lags=1,b", "lags='b', expected int"),
        ("epochs=0", "settings epochs=0: epochs=0, expected at least 1"),
    ],
)
def test_an_invalid_setting_is_named_with_what_was_expected(setting: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"^{text}"):
        apply_settings(PRESET, [setting])


def test_a_setting_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^setting 'hidden' is given twice, expected once$"):
        apply_settings(PRESET, ["hidden=64", "hidden=128"])
    with pytest.raises(ConfigError, match=r"expected once, or with commas: lags=1,2$"):
        apply_settings(PRESET, ["lags=3", "lags=4"])


def test_an_unknown_preset_lists_the_presets() -> None:
    assert find_preset(LettersTask.presets, "") is PRESET
    with pytest.raises(ConfigError, match=r"^preset 'huge' is unknown, expected one of tiny"):
        find_preset(LettersTask.presets, "huge")
