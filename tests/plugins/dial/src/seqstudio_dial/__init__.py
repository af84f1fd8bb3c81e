"""Telephone numbers: a task that learns the tones of a keypad with CTC, and operations on them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqstudio.api import (
    Alphabet,
    DataError,
    Draws,
    Example,
    Job,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Operation,
    Preparation,
    Preset,
    Request,
    Result,
    Segment,
    Task,
    TrainConfig,
    Transcript,
    Word,
    edit_distance,
    hookimpl,
)
from seqstudio.api.media import Audio, read_samples, read_text_file
from seqstudio.api.nn import (
    CTCConfig,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
    PairBatch,
    align,
    ctc_sum,
    prefix_beam,
)

RATE_HZ = 8000
FRAME_SAMPLES = 160  # 20 ms
LOW_HZ, HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477)
KEYS = "123456789*0#"  # three of each low tone, from the lowest on
ALPHABET = Alphabet(KEYS)
TONES_HZ = np.array(LOW_HZ + HIGH_HZ)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The settings of the task."""

    hidden: int = 24


def sound(number: str) -> np.ndarray:
    """Return a number as (N,) float32: 80 ms of two tones for each key, and 40 ms of silence."""
    times_s = np.arange(RATE_HZ * 8 // 100) / RATE_HZ
    gap = np.zeros(RATE_HZ * 4 // 100)
    parts = [gap]
    for key in number:
        low, high = divmod(KEYS.index(key), 3)
        pair = (LOW_HZ[low], HIGH_HZ[high])
        parts += [sum(0.3 * np.sin(2 * np.pi * hz * times_s) for hz in pair), gap]
    return np.concatenate(parts).astype(np.float32)


def features(samples: np.ndarray) -> torch.Tensor:
    """Return how loud each tone of a keypad is: (T, 7) float32, T frames of 20 ms."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    angles = 2 * np.pi * np.outer(np.arange(FRAME_SAMPLES), TONES_HZ) / RATE_HZ
    loudness = np.abs(frames @ np.exp(1j * angles)) / FRAME_SAMPLES
    return torch.from_numpy(np.log(loudness + 1e-3).astype(np.float32) + 4)


class Numbers(Task):
    """The task `dial.numbers`: telephone numbers, one a line, learned from their sounds."""

    name = "dial.numbers"
    presets: Mapping[str, Preset] = {
        "small": Preset(train=TrainConfig(learning_rate=0.01, epochs=8), options=Options())
    }
    settings_type: type = Options
    monitor = "key_errors"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Yield one number a line; refuse what has no key."""
        for number, line in enumerate(read_text_file(source).splitlines(), start=1):
            where = f"{source.name}:{number}"
            if not line or set(line) - set(KEYS):
                ledger.refuse(where, f"{line!r}, expected keys of a telephone, {KEYS}")
                continue
            ledger.use(where)
            yield Example(id=where, tokens=ALPHABET.labels(line))

    def prepare(self, examples: Sequence[Example], options: Options) -> Preparation:
        """Configure an encoder with a CTC head."""
        model = ModelConfig(
            source=FramesConfig(features=len(TONES_HZ)),
            encoder=EncoderConfig(cell="gru", hidden=options.hidden, layers=1),
            heads={"ctc": CTCConfig(vocabulary=ALPHABET.size)},
        )
        return Preparation(settings=options, model=model)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> PairBatch:
        """Pad sounds and labels; in training each sound has some noise."""
        inputs = []
        for example in examples:
            samples = sound(ALPHABET.text(example.tokens))
            if draws:
                noise = draws.generator(example.id).normal(0, 0.02, len(samples))
                samples = (samples + noise).astype(np.float32)
            inputs.append(features(samples))
        return PairBatch.of(examples, inputs, [example.tokens for example in examples])

    def loss(self, model: Any, batch: PairBatch) -> LossSum:
        """Return the CTC loss in nats."""
        encoded = model.encode(batch.inputs, batch.lengths)
        log_probs = model.head("ctc")(encoded)
        return LossSum(*ctc_sum(log_probs, encoded.lengths, batch.targets, batch.target_lengths))

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        """Yield the share of wrong keys."""
        for example in examples:
            number = ALPHABET.text(example.tokens)
            found, _ = recognise(model, sound(number))
            wrong = edit_distance(found, number)
            yield Measurement(
                id=example.id, sums={self.monitor: (wrong, len(number))}, detail={"text": found}
            )


def recognise(model: LoadedModel, samples: np.ndarray) -> tuple[str, list[tuple[float, float]]]:
    """Return the keys that are heard, and when each begins and ends, in seconds."""
    inputs = features(samples)
    if not len(inputs):
        return "", []
    with torch.inference_mode():
        encoded = model.encode(inputs[None], torch.tensor([len(inputs)]))
        log_probs = model.module.head("ctc")(encoded)[0].cpu()
    labels = prefix_beam(log_probs, beam=4)[0].labels
    second = FRAME_SAMPLES / RATE_HZ
    found = align(log_probs, labels) if labels else []
    return ALPHABET.text(labels), [(o.start_frame * second, o.end_frame * second) for o in found]


class Hear:
    """The operation `dial hear`: the number in a recording."""

    name = "hear"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Recognise one recording."""
        path = request.file("audio")
        samples = read_samples(path, RATE_HZ)
        text, times = recognise(job.model(), samples)
        words = tuple(
            Word(word=key, start_s=start, end_s=end)
            for key, (start, end) in zip(text, times, strict=True)
        )
        length_s = len(samples) / RATE_HZ
        segment = Segment(start_s=0.0, end_s=length_s, text=" ".join(text), words=words)
        job.progress(1.0)
        yield Result(
            outputs={
                "transcript": Transcript(
                    audio=path.name,
                    duration_s=length_s,
                    text=segment.text,
                    segments=(segment,) if words else (),
                )
            },
            summary=text,
        )


class Play:
    """The operation `dial play`: a number as sound."""

    name = "play"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Write the tones of the first line of a text."""
        path = request.file("number")
        number = read_text_file(path).strip()
        if not number or set(number) - set(KEYS):
            raise DataError(f"{path}: {number[:20]!r}, expected keys of a telephone, {KEYS}")
        yield Result(outputs={"audio": Audio(sound(number)[:, None], RATE_HZ)})


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks of this plugin."""
    return [Numbers()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations of this plugin."""
    return [Hear(), Play()]
