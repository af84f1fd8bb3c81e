"""A manifest is checked in full before anything of its plugin runs."""

from typing import Any

import pytest

from seqstudio.contracts.manifest import check_api, parse_manifest
from seqstudio.errors import PluginError

GOOD: dict[str, Any] = {
    "schema": 1,
    "id": "rhythm",
    "title": "Rhythm",
    "api": ">=1.0,<2",
    "license": "MIT",
    "tasks": [{"name": "rhythm.steps", "title": "Steps", "data": ["text"], "presets": ["small"]}],
    "operations": [
        {
            "name": "beat",
            "title": "Make a beat",
            "task": "rhythm.steps",
            "generative": True,
            "outputs": [{"name": "beat", "kind": "midi", "formats": ["mid"]}],
            "options": {"bars": {"type": "int", "default": 4, "min": 1, "help": "Bars."}},
        }
    ],
}


STEPS = GOOD["tasks"][0]


def task(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "tasks": [{**STEPS, **changes}]}


def operation(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "operations": [{**GOOD["operations"][0], **changes}]}


def test_a_good_manifest_is_read_whole() -> None:
    manifest = parse_manifest(GOOD, "seqstudio.toml")
    (beat,) = manifest.operations

    assert beat.model_tasks() == ("rhythm.steps",)
    assert beat.options["bars"].default == 4


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({**GOOD, "schema": 2}, "schema=2, expected 1"),
        ({**GOOD, "id": "train"}, "id='train', expected lower-case letters"),
        ({**GOOD, "id": "Rhythm"}, "id='Rhythm', expected lower-case letters"),
        ({**GOOD, "colour": "red"}, "unknown field 'colour'"),
        ({**GOOD, "permissions": {"network": "x"}}, r"permissions: unknown field 'network'"),
        (
            {**GOOD, "tasks": [{**GOOD["tasks"][0], "name": "speech.ctc"}]},
            r"task 'speech.ctc', expected a name that begins with 'rhythm\.'",
        ),
        (
            task(options={"how": {"type": "choice"}}),
            "'rhythm.steps': option 'how': expected",
        ),
        (task(options={"A": {"type": "int"}}), "option 'A', expected lower-case letters and '_'"),
        (
            task(options={}, preset_values={"big": {}}),
            "'rhythm.steps': values of preset 'big', expected one of its presets",
        ),
        (task(preset_values={"small": {}}), "values of presets, expected options too"),
        (operation(options={"seed": {"type": "int"}}), "option 'seed' is the host's own"),
        (operation(options={"how": {"type": "choice"}}), "option 'how': expected choices"),
        (operation(deterministic=False), "deterministic=false, expected a reason"),
        (
            operation(runs="stream"),
            r"runs='stream', streams \[\], expected one input of kind stream\.audio or ",
        ),
        (
            operation(inputs=[{"name": "heard", "kind": "stream.midi"}]),
            r"runs='single', streams \['heard'\], expected .* with runs='stream', none without",
        ),
        (
            operation(runs="stream", inputs=[{"name": "heard", "kind": "stream.audio"}]),
            r"heard: rate_hz=0, expected samples a second with kind 'stream\.audio' only",
        ),
        (
            operation(outputs=[{"name": "beat", "kind": "stream.midi"}]),
            "output beat: kind='stream.midi', expected a file's",
        ),
        (operation(runs="forever"), r"operations\[0\].runs='forever', expected one of 'batch'"),
    ],
)
def test_a_bad_manifest_is_refused_with_its_fault(table: dict[str, Any], text: str) -> None:
    with pytest.raises(PluginError, match=rf"^seqstudio\.toml.*{text}"):
        parse_manifest(table, "seqstudio.toml")


def test_a_stream_of_audio_names_its_rate() -> None:
    heard = {"name": "heard", "kind": "stream.audio", "rate_hz": 16000}
    (beat,) = parse_manifest(operation(runs="stream", inputs=[heard]), "x").operations
    stream = beat.stream_input()

    assert stream is not None
    assert (stream.name, stream.rate_hz) == ("heard", 16000)


@pytest.mark.parametrize("api", [">=1.1", ">=2,<3", "<1"])
def test_another_api_is_refused_with_ours(api: str) -> None:
    with pytest.raises(PluginError, match=r"expected a range that holds 1\.0$"):
        check_api(api, "seqstudio.toml")


@pytest.mark.parametrize("api", ["", "1.0", ">=one", "~=1.0"])
def test_a_malformed_range_is_refused(api: str) -> None:
    with pytest.raises(PluginError, match=r"expected a range such as"):
        check_api(api, "seqstudio.toml")
