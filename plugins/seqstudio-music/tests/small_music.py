"""Small untrained models, a job that samples from them, and small pieces of music."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seqstudio_music import seqstudio_parts
from seqstudio_music.rolls.data import Roll, RollExample
from seqstudio_music.typicality import TASKS
from seqstudio_music.voices.data import VoiceExample

from seqstudio.api import (
    AdaptConfig,
    Guide,
    LoadedModel,
    Note,
    Result,
    SamplingConfig,
    TakeSeed,
    Task,
)
from seqstudio.api.media import Score
from seqstudio.api.nn import with_plugin_parts
from seqstudio.contracts.manifest import parse_manifest
from seqstudio.services.adaptation import adapted
from seqstudio.services.bundles import LoadedBundle, build_module

TPB = 480
MANIFEST = Path(str(files("seqstudio_music"))) / "seqstudio.toml"


def score_of(result: Result) -> Score:
    """Return the piece that an operation made."""
    score = result.outputs["score"]
    assert isinstance(score, Score)
    return score


def options_of(operation: str, **chosen: Any) -> dict[str, Any]:
    """Return an operation's options: those chosen, and else the manifest's defaults.

    Models here are untrained, so nothing is filtered unless it is chosen.
    """
    manifest = parse_manifest(tomllib.loads(MANIFEST.read_text()), "seqstudio.toml")
    (entry,) = (one for one in manifest.operations if one.name == operation)
    assert set(chosen) <= set(entry.options)
    defaults = {
        name: () if option.repeat and option.default is None else option.default
        for name, option in entry.options.items()
    }
    unfiltered = {"temperature": 1.0, "min_p": 0.0}
    return defaults | {name: unfiltered[name] for name in unfiltered if name in defaults} | chosen


@dataclass
class OneJob:
    """A job without a host: it has loaded models by name, and samples from the last one chosen."""

    models: dict[str, LoadedModel]
    folder: Path
    chosen: str = ""
    device: str = "cpu"
    logged: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    loaded: LoadedModel | None = None

    def model(self, prefer: str = "") -> LoadedModel:
        self.loaded = self.models[self.chosen or prefer]
        return self.loaded

    def adapt(
        self, model: LoadedModel, examples: Sequence[Any], config: AdaptConfig
    ) -> LoadedModel:
        assert isinstance(model, LoadedBundle)
        self.loaded = adapted(model, TASKS[model.task], examples, config)
        return self.loaded

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        takes: Sequence[TakeSeed],
        guide: Guide,
        config: SamplingConfig,
        *,
        encoded: Any = None,
        covariates: torch.Tensor | None = None,
    ) -> Iterator[tuple[int, int]]:
        assert self.loaded is not None
        return self.loaded.sample(
            prompts, takes, guide, config, encoded=encoded, covariates=covariates
        )

    def progress(self, fraction: float, message: str = "") -> None:
        self.fractions.append(fraction)

    def check(self) -> None: ...

    def partial(self, text: str) -> None: ...

    def log(self, text: str) -> None:
        self.logged.append(text)


def loaded(task: Task, examples: Sequence[Any], options: Any, name: str) -> LoadedBundle:
    """Build an untrained model of a task with a fixed seed."""
    preparation = task.prepare(examples, options)
    parts = with_plugin_parts(seqstudio_parts())
    module = build_module(preparation, seed=7, device="cpu", parts=parts).eval()
    return LoadedBundle(
        name=name,
        task=task.name,
        sha256="0" * 64,
        device="cpu",
        module=module,
        settings=preparation.settings,
        preparation=preparation,
    )


def random_roll(frames: int, seed: int, *, density: float = 0.04) -> Roll:
    generator = np.random.default_rng(seed)
    return (generator.random((frames, 88)) < density).astype(np.uint8)


def roll_example(roll: Roll, name: str = "roll", split: str = "") -> RollExample:
    return RollExample(id=name, split=split, where=name, roll=roll, frames=len(roll))


def chorale_example(steps: int, seed: int, name: str = "chorale") -> VoiceExample:
    """Return four voices with a new pitch every quarter note, each in its own range."""
    generator = np.random.default_rng(seed)
    lows = np.array([62, 43, 48, 55])
    quarters = lows + generator.integers(0, 10, (-(-steps // 4), 4))
    values = np.repeat(quarters, 4, axis=0)[:steps].astype(np.int64)
    return VoiceExample(id=name, where=name, steps=values, size=steps)


def melody(beats: int = 8) -> list[Note]:
    return [Note(TPB * n, 60 + (0, 4, 7, 5)[n % 4], TPB) for n in range(beats)]


def lead_sheet(meter: tuple[int, int] = (4, 4), beats: int = 8) -> Score:
    """Return a melody in quarter notes over chords in half notes."""
    chords = [
        Note(2 * TPB * n, pitch, 2 * TPB, 60) for n in range(beats // 2) for pitch in (48, 52, 55)
    ]
    score = Score.new(ticks_per_beat=TPB, meter=meter).with_new_track(melody(beats), name="Tune")
    return score.with_new_track(chords, name="Chords", channel=1)


def four_parts(meter: tuple[int, int] = (4, 4), beats: int = 8) -> Score:
    """Return four voices in quarter notes."""
    score = Score.new(ticks_per_beat=TPB, meter=meter)
    for channel, low in enumerate((67, 60, 53, 46)):
        notes = [Note(TPB * n, low + (0, 2, 4, 2)[n % 4], TPB) for n in range(beats)]
        score = score.with_new_track(notes, name=f"Voice {channel}", channel=channel)
    return score


def piano(beats: int = 8) -> Score:
    """Return two hands that play three notes each."""
    score = Score.new(ticks_per_beat=TPB)
    for channel, low in enumerate((60, 41)):
        notes = [Note(TPB * n, low + step + n % 3, TPB) for n in range(beats) for step in (0, 4, 7)]
        score = score.with_new_track(notes, channel=channel)
    return score
