"""Parsing a manifest checks every field before any code of the plugin runs."""

from typing import Any

import pytest

from seqstudio.contracts.manifest import check_api, parse_manifest
from seqstudio.errors import PluginError

VALID: dict[str, Any] = {
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


STEPS = VALID["tasks"][0]


def task(**changes: Any) -> dict[str, Any]:
    return {**VALID, "tasks": [{**STEPS, **changes}]}


def operation(**changes: Any) -> dict[str, Any]:
    return {**VALID, "operations": [{**VALID["operations"][0], **changes}]}


def test_a_valid_manifest_is_parsed() -> None:
    manifest = parse_manifest(VALID, "seqstudio.toml")
    (beat,) = manifest.operations

    assert beat.model_tasks() == ("rhythm.steps",)
    assert beat.options["bars"].default == 4


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({**VALID, "schema": 2}, "schema=2, expected 1"),
        ({**VALID, "id": "train"}, "id='train', expected lower-case letters"),
        ({**VALID, "id": "Rhythm"}, "id='Rhythm', expected lower-case letters"),
        ({**VALID, "colour": "red"}, "unknown field 'colour'"),
        ({**VALID, "permissions": {"camera": "x"}}, r"permissions: unknown field 'camera'"),
        (
            {**VALID, "tasks": [{**VALID["tasks"][0], "name": "speech.ctc"}]},
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
        (
            operation(options={"how": {"type": "int", "required": True, "default": 1}}),
            "option 'how': default=1, expected none if required",
        ),
        (operation(deterministic=False), "deterministic=false, expected a reason"),
        (
            operation(runs="stream"),
            r"runs='stream', streams \[\], expected one input of kind stream\.audio or ",
        ),
        (
            operation(inputs=[{"name": "input", "kind": "stream.midi"}]),
            r"runs='single', streams \['input'\], expected .* with runs='stream', none without",
        ),
        (
            operation(runs="stream", inputs=[{"name": "input", "kind": "stream.audio"}]),
            r"input: rate_hz=0, expected samples a second with kind 'stream\.audio' only",
        ),
        (
            operation(outputs=[{"name": "beat", "kind": "stream.midi"}]),
            "output beat: kind='stream.midi', expected a file's",
        ),
        (operation(runs="forever"), r"operations\[0\].runs='forever', expected one of 'batch'"),
    ],
)
def test_an_invalid_manifest_is_refused_with_the_reason(table: dict[str, Any], text: str) -> None:
    with pytest.raises(PluginError, match=rf"^seqstudio\.toml.*{text}"):
        parse_manifest(table, "seqstudio.toml")


def test_an_audio_stream_has_a_sample_rate() -> None:
    audio = {"name": "input", "kind": "stream.audio", "rate_hz": 16000}
    (beat,) = parse_manifest(operation(runs="stream", inputs=[audio]), "x").operations
    stream = beat.stream_input()

    assert stream is not None
    assert (stream.name, stream.rate_hz) == ("input", 16000)


@pytest.mark.parametrize("api", [">=1.1", ">=2,<3", "<1"])
def test_an_api_range_without_this_version_is_refused(api: str) -> None:
    with pytest.raises(PluginError, match=r"expected a range that holds 1\.0$"):
        check_api(api, "seqstudio.toml")


@pytest.mark.parametrize("api", ["", "1.0", ">=one", "~=1.0"])
def test_a_malformed_range_is_refused(api: str) -> None:
    with pytest.raises(PluginError, match=r"expected a range such as"):
        check_api(api, "seqstudio.toml")
