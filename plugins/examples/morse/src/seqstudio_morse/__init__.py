"""Morse code: sends texts as tones, and learns to copy them with CTC."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

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
    Task,
    TrainConfig,
    edit_distance,
    hookimpl,
    nn,
)
from seqstudio.api.media import Audio, read_samples, read_text_file

CODE = (
    "A.- B-... C-.-. D-.. E. F..-. G--. H.... I.. J.--- K-.- L.-.. M-- N-. O--- P.--. Q--.- R.-. "
    "S... T- U..- V...- W.-- X-..- Y-.-- Z--.. 0----- 1.---- 2..--- 3...-- 4....- 5..... 6-.... "
    "7--... 8---.. 9----."
)
UNITS = {  # of a letter: on is 1, off is 0
    code[0]: "0".join("111" if mark == "-" else "1" for mark in code[1:]) for code in CODE.split()
}
ALPHABET = Alphabet.of(["".join(UNITS), " "])
RATE_HZ, WINDOW, HOP = 8000, 256, 160  # a frame every 20 ms
Samples = NDArray[np.float32]


def tones(text: str, words_per_minute: float, pitch_hz: float = 600) -> Samples:
    """Return a text as tones: a dot is one unit, a dash three, and PARIS with its gap fifty."""
    words = ("000".join(UNITS[character] for character in word) for word in text.split())
    units = np.array([int(unit) for unit in "0000000".join(words)])
    level = np.repeat(units, round(RATE_HZ * 1.2 / words_per_minute))
    wave = np.sin(2 * np.pi * pitch_hz / RATE_HZ * np.arange(len(level)))
    return np.asarray(level * wave, np.float32)


def features(samples: Samples) -> torch.Tensor:
    """Return for each frame the log levels of the loudest of its frequencies and of the median."""
    padded = np.pad(samples, WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    level = np.log(np.abs(np.fft.rfft(frames * np.hanning(WINDOW)))[:, 8:48] + 1e-2)
    return torch.from_numpy(np.stack([level.max(1), np.median(level, 1)], 1).astype(np.float32))


def copied(model: LoadedModel, samples: Samples) -> str:
    """Return the text that a model hears."""
    encoded = model.encode(*nn.pad([features(samples)]))
    return ALPHABET.text(nn.best_path(model.module.head("ctc")(encoded)[0]))


@dataclass(frozen=True, kw_only=True)
class Options:
    """The task's settings."""

    hidden: int = 64
    noise: float = 0.3


TRAIN = TrainConfig(epochs=20, learning_rate=0.01)


class Tones(Task):
    """The task `morse.tones`: the loudness of a tone to text."""

    name = "morse.tones"
    settings_type = Options
    monitor = "cer"  # errors for each character: lower is better
    presets: Mapping[str, Preset] = {"small": Preset(train=TRAIN, options=Options())}

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        """Yield one example a line; refuse a line without characters that Morse code has."""
        for number, line in enumerate(read_text_file(source).splitlines(), start=1):
            text = " ".join("".join(s for s in line.upper() if s in ALPHABET.characters).split())
            if not text:
                ledger.refuse(f"{number}", f"{line!r}, expected letters or digits")
                continue
            ledger.use(f"{number}")
            yield Example(id=f"{number}", tokens=ALPHABET.labels(text))

    def prepare(self, examples: Sequence[Example], options: Options) -> Preparation:
        """Configure a bidirectional encoder with a CTC head; nothing is derived from the text."""
        model = nn.ModelConfig(
            source=nn.FramesConfig(features=2, subsampling="stack", factor=2),
            encoder=nn.EncoderConfig(hidden=options.hidden, layers=1),
            heads={"ctc": nn.CTCConfig(vocabulary=ALPHABET.size)},
        )
        return Preparation(settings=options, model=model)

    def sound(self, example: Example, noise: float, draws: Draws) -> Samples:
        """Return an example at a speed, pitch and noise that are drawn for it."""
        generator = draws.generator(example.id)
        text = ALPHABET.text(example.tokens)
        clean = tones(text, generator.uniform(12, 30), generator.uniform(400, 1000))
        hiss = generator.uniform(0, noise) * generator.normal(size=len(clean))
        return clean + hiss.astype(np.float32)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> nn.PairBatch:
        """Make the sound of each example, another one in every epoch."""
        noise = preparation.settings.noise
        inputs = [features(self.sound(one, noise, draws or Draws(0, 0))) for one in examples]
        return nn.PairBatch.of(examples, inputs, [example.tokens for example in examples])

    def loss(self, model: Any, batch: nn.PairBatch) -> LossSum:
        """Return the CTC loss, in nats."""
        encoded = model.encode(batch.inputs, batch.lengths)
        return LossSum(*model.head_loss("ctc", encoded, batch.targets, batch.target_lengths))

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        """Yield the errors of each line; its sound is the same every time."""
        for example in examples:
            text = ALPHABET.text(example.tokens)
            found = copied(model, self.sound(example, model.settings.noise, Draws(0, 0)))
            sums = {"cer": (edit_distance(found, text), len(text))}
            yield Measurement(id=example.id, sums=sums, detail={"sent": text, "copied": found})


class Send:
    """The operation `seqstudio morse send`."""

    name = "send"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the tones of a text; characters that Morse code has not become gaps."""
        text = read_text_file(request.file("text")).upper()
        characters = "".join(character if character in UNITS else " " for character in text)
        if not characters.strip():
            raise DataError(f"{request.file('text')}: no letters or digits, expected some")
        samples = tones(characters, request.options["words_per_minute"])
        yield Result(outputs={"sound": Audio(samples[:, None], RATE_HZ)})


class Copy:
    """The operation `seqstudio morse copy`."""

    name = "copy"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the text of one recording."""
        text = copied(job.model(), read_samples(request.file("sound"), RATE_HZ))
        yield Result(outputs={"text": f"{text}\n"}, summary=text)


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks of this plugin."""
    return [Tones()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations of this plugin."""
    return [Send(), Copy()]
