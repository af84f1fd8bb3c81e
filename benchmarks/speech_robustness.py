"""How a speech model bears what people record: the whole table, on development data.

Run `python benchmarks/speech_robustness.py AN4`: loudness, constant offsets, channels, utterances
joined to one file, speech unlike the training data, and the calibration of the confidence.
`--foreign NAME=FOLDER` adds speech that must be marked as unlike the training data; with espeak-ng
installed, synthetic French, German and Arabic are added.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import torch
from rapidfuzz.distance import Levenshtein
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.scoring import error_sums
from seqstudio_speech.task import CtcTask
from seqstudio_speech.text import normalise

from seqstudio.api import AudioExample, Ledger, Transcript
from seqstudio.api.media import read_audio
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split

SHIPPED = "plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small"
RATE_HZ = 16000
GAINS_DB = (-40, -24, -18, -6, 6, 12)
FOREIGN_ITEMS = 100
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.001)
BUDGETS = (0.05, 0.1, 0.2, 0.3)
SENTENCES = {
    "fr": (
        "Bonjour, comment allez-vous aujourd'hui ?",
        "Le chat dort sur le tapis devant la porte.",
        "Nous prendrons le train de huit heures demain matin.",
        "Il pleut souvent en automne dans cette ville.",
        "Ma soeur a acheté une belle maison à la campagne.",
        "Les enfants jouent au ballon dans le jardin.",
        "Je voudrais un café et un croissant, s'il vous plaît.",
        "La bibliothèque ferme à six heures le samedi.",
    ),
    "de": (
        "Guten Morgen, wie geht es Ihnen heute?",
        "Die Katze schläft auf dem Teppich vor der Tür.",
        "Wir nehmen morgen früh den Zug um acht Uhr.",
        "Im Herbst regnet es in dieser Stadt sehr oft.",
        "Meine Schwester hat ein schönes Haus auf dem Land gekauft.",
        "Die Kinder spielen im Garten mit dem Ball.",
        "Ich hätte gern einen Kaffee und ein Stück Kuchen.",
        "Die Bibliothek schließt samstags um achtzehn Uhr.",
    ),
    "ar": (
        "مرحبا كيف حالك اليوم",
        "القطة تنام على السجادة أمام الباب",
        "سوف نأخذ القطار في الصباح الباكر",
        "تمطر كثيرا في الخريف في هذه المدينة",
        "اشترت أختي بيتا جميلا في الريف",
        "يلعب الأطفال بالكرة في الحديقة",
        "أريد فنجان قهوة وقطعة خبز من فضلك",
        "تغلق المكتبة أبوابها مساء يوم السبت",
    ),
}
VOICES = (("130", "40"), ("150", "50"), ("170", "65"), ("150", "80"))  # words a minute, pitch

Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Bench:
    """A recogniser, and the development part as samples in memory."""

    recogniser: Recogniser
    dev: Sequence[tuple[AudioExample, np.ndarray]]

    def heard(self, change: Change, subtype: str = "FLOAT") -> list[Transcript]:
        """Transcribe every utterance as it is written to a file after a change."""
        return [self.transcribe(change(samples), subtype) for _, samples in self.dev]

    def transcribe(self, samples: np.ndarray, subtype: str = "FLOAT") -> Transcript:
        """Transcribe samples through a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "changed.wav"
            soundfile.write(path, samples, RATE_HZ, subtype=subtype)
            return self.recogniser.transcribe(path)

    def references(self) -> list[str]:
        """Return what was said, as it is scored."""
        return [normalise(one.transcript, self.recogniser.alphabet.case) for one, _ in self.dev]

    def wer(self, transcripts: Sequence[Transcript]) -> float:
        """Return the pooled word error rate in percent."""
        pairs = zip(self.references(), transcripts, strict=True)
        sums = [error_sums(reference, one.text)["wer"] for reference, one in pairs]
        return 100 * sum(errors for errors, _ in sums) / sum(words for _, words in sums)


def channels(*gains: float) -> Change:
    return lambda samples: np.stack([gain * samples for gain in gains], axis=1)


def delayed(samples: np.ndarray) -> np.ndarray:
    """Return two channels, the second of which hears it 4 ms later."""
    late = np.pad(samples, (64, 0))[: len(samples)]
    return np.stack([samples, 0.8 * late], axis=1)


def level_rows(bench: Bench) -> Iterator[tuple[str, float]]:
    for gain_db in GAINS_DB:
        gain = 10 ** (gain_db / 20)
        yield f"{gain_db:+d} dB", bench.wer(bench.heard(lambda x, g=gain: g * x))
    for gain_db in (GAINS_DB[0], GAINS_DB[-1]):
        gain = 10 ** (gain_db / 20)
        heard = bench.heard(lambda x, g=gain: np.clip(g * x, -1, 1), "PCM_16")
        yield f"{gain_db:+d} dB, rounded and clipped to 16 bits", bench.wer(heard)


def channel_rows(bench: Bench) -> Iterator[tuple[str, float]]:
    rows: dict[str, Change] = {
        "offset of 0.02": lambda samples: samples + 0.02,
        "one live channel of eight": channels(0, 0, 0, 1 / 8, 0, 0, 0, 0),
        "antiphase stereo": channels(1, -1),
        "stereo, one side 4 ms later": delayed,
    }
    for name, change in rows.items():
        heard = bench.heard(change)
        yield name, bench.wer(heard)
        if notes := sorted({note for one in heard for note in one.notes}):
            print(f"  says: {'; '.join(notes[:2])}")


def joined_rate(bench: Bench) -> float:
    """Return the word error rate of all utterances in one file, as they follow each other."""
    whole = bench.transcribe(np.concatenate([samples for _, samples in bench.dev]), "PCM_16")
    errors, words = error_sums(" ".join(bench.references()), whole.text)["wer"]
    return 100 * errors / words


def espeak(language: str, folder: Path) -> list[Path]:
    """Synthesise the sentences of a language in four voices."""
    paths = []
    for number, sentence in enumerate(SENTENCES[language]):
        for speed, pitch in VOICES:
            path = folder / f"{language}-{number}-{speed}-{pitch}.wav"
            command = ["espeak-ng", "-v", language, "-s", speed, "-p", pitch, "-w", str(path)]
            subprocess.run([*command, sentence], check=True)
            paths.append(path)
    return paths


def flagged(recogniser: Recogniser, paths: Sequence[Path]) -> str:
    marks = [recogniser.transcribe(path).unlike_training for path in paths]
    return f"{100 * sum(mark is True for mark in marks) / len(marks):.0f} % of {len(marks)}"


def unlike_rows(bench: Bench, foreign: dict[str, Path]) -> Iterator[tuple[str, str]]:
    marks = [one.unlike_training for one in bench.heard(lambda samples: samples)]
    yield "development part", f"{100 * np.mean([m is True for m in marks]):.1f} % of {len(marks)}"
    half = np.zeros(RATE_HZ // 2)
    silent = bench.heard(lambda samples: np.concatenate([half, samples]))
    share = 100 * np.mean([one.unlike_training is True for one in silent])
    yield "the same after half a second of silence", f"{share:.1f} % of {len(silent)}"
    for name, folder in foreign.items():
        paths = [one.audio for one in CtcTask().read(folder, Ledger())]
        chosen = np.random.default_rng(0).permutation(len(paths))[:FOREIGN_ITEMS]
        yield name, flagged(bench.recogniser, [paths[at] for at in chosen])
    if shutil.which("espeak-ng"):
        with tempfile.TemporaryDirectory() as folder:
            for language in SENTENCES:
                name = f"espeak-ng {language}"
                yield name, flagged(bench.recogniser, espeak(language, Path(folder)))


def judged_words(bench: Bench) -> list[tuple[float, bool]]:
    """Return the confidence of each word of the transcripts, and whether it is right."""
    found = []
    for reference, one in zip(bench.references(), bench.heard(lambda x: x), strict=True):
        words = [word for segment in one.segments for word in segment.words]
        edits = Levenshtein.editops(reference.split(), [word.word for word in words])
        wrong = {edit.dest_pos for edit in edits if edit.tag != "delete"}
        found += [(word.confidence or 0.0, at not in wrong) for at, word in enumerate(words)]
    return found


def print_confidence(judged: list[tuple[float, bool]]) -> None:
    """Print the reliability diagram, and how many errors are found by checking doubtful words."""
    confidence = np.array([each for each, _ in judged])
    right = np.array([each for _, each in judged])
    gap = 0.0
    for low, high in pairwise(BINS):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            claimed, true = confidence[inside].mean(), right[inside].mean()
            gap += inside.mean() * abs(claimed - true)
            bar = "#" * round(40 * true)
            print(f"  {low:.2f}-{min(high, 1):.2f}  {inside.sum():4d} words, claimed", end=" ")
            print(f"{100 * claimed:3.0f} %, right {100 * true:3.0f} %  {bar}")
    print(f"  expected calibration error {100 * gap:.1f} points")
    order = confidence.argsort(kind="stable")
    for share in BUDGETS:
        checked = order[: round(share * len(order))]
        caught = 100 * (~right[checked]).sum() / max(1, (~right).sum())
        print(
            f"  checking the {100 * share:.0f} % least sure words finds {caught:.0f} % of the wrong"
        )


def load(model: Path, data: Path) -> Bench:
    card = inspect_bundle(model).card
    recogniser = Recogniser(load_bundle(model, CtcTask(), device="cpu"))
    examples = list(CtcTask().read(data, Ledger()))
    dev = choose_split(examples, "valid", held_out=card.held_out, trained_on=True)
    read = [(one, read_audio(one.audio).samples[:, 0].astype(np.float64)) for one in dev]
    return Bench(recogniser, read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=Path(SHIPPED))
    parser.add_argument("--foreign", action="append", default=[], metavar="NAME=FOLDER")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bench = load(arguments.model, arguments.data)
    plain = bench.wer(bench.heard(lambda samples: samples))
    print(f"{len(bench.dev)} utterances of the development part: {plain:.1f} % of words wrong")
    for rows in (level_rows, channel_rows):
        for name, rate in rows(bench):
            print(f"{name}: {rate:.1f} % ({rate - plain:+.1f} points)", flush=True)
    joined = joined_rate(bench)
    print(f"joined to one file: {joined:.1f} % ({joined - plain:+.1f} points)")
    print("marked as unlike the training data:")
    pairs = (one.partition("=") for one in arguments.foreign)
    for name, text in unlike_rows(bench, {name: Path(folder) for name, _, folder in pairs}):
        print(f"  {name}: {text}", flush=True)
    print("confidence of words:")
    print_confidence(judged_words(bench))


if __name__ == "__main__":
    main()
