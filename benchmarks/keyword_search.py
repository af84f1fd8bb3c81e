"""Search for words in posteriors against search in transcripts: time, precision and recall.

Run `python benchmarks/keyword_search.py AN4`: on the development part every word of its references
that the model can write is a keyword. Average precision is the mean over keywords; recall is at the
thresholds at which all keywords together have one and ten false alarms for each hour and keyword.
Process time, one thread.
"""

import argparse
import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from seqstudio_speech.finding.operation import hits_in, keywords_of
from seqstudio_speech.posteriors import Posteriors, posteriors_from
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask

from seqstudio.api import AudioExample, Ledger
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split

SHIPPED = "plugins/seqstudio-speech/src/seqstudio_speech/models/speech-en-small"
LEAST_SCORE = 0.02
FASTER = 10  # what the search must be, of decoding
ALARMS = (1, 10)  # false ones, an hour and keyword


@dataclass(frozen=True)
class Claim:
    """That a keyword is in an utterance, and how sure that is."""

    word: str
    utterance: int
    score: float


def average_precision(claims: Sequence[bool], true: int) -> float:
    """Return the mean precision at each right claim, of those in order; misses count as 0."""
    right = np.cumsum(claims)
    return float(sum(right[at] / (at + 1) for at, one in enumerate(claims) if one) / true)


def judge(
    name: str, claims: Sequence[Claim], said: Sequence[Counter[str]], words: set[str], hours: float
) -> None:
    """Print how good claims are. A keyword that is claimed too often in an utterance is wrong."""
    left = [Counter(one) for one in said]
    order: list[bool] = []
    by_word: dict[str, list[bool]] = {word: [] for word in words}
    for claim in sorted(claims, key=lambda one: -one.score):
        right = left[claim.utterance][claim.word] > 0
        left[claim.utterance][claim.word] -= 1
        order.append(right)
        by_word[claim.word].append(right)
    times = {word: sum(one[word] for one in said) for word in words}
    total = sum(times.values())
    precisions = [average_precision(found, times[word]) for word, found in by_word.items()]
    at_alarms = " / ".join(
        f"{100 * recall(order, alarms * hours * len(words)) / total:.1f}" for alarms in ALARMS
    )
    print(
        f"{name}: average precision {np.mean(precisions):.3f}, recall at {ALARMS[0]} / {ALARMS[1]} "
        f"false alarms an hour and keyword {at_alarms} %, of all claims "
        f"{100 * sum(order) / total:.1f} %"
    )


def recall(claims: Sequence[bool], alarms: float) -> int:
    """Return how many claims are right, of those in order, before there are more false alarms."""
    wrong = np.cumsum(np.logical_not(claims))
    return int(np.sum(np.array(claims)[wrong <= alarms]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=Path(SHIPPED))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    card = inspect_bundle(arguments.model).card
    recogniser = Recogniser(load_bundle(arguments.model, CtcTask(), device="cpu"))
    examples: list[AudioExample] = list(CtcTask().read(arguments.data, Ledger()))
    dev = choose_split(examples, "valid", held_out=card.held_out, trained_on=True)
    said = [Counter(recogniser.alphabet.normalise(one.transcript).split()) for one in dev]
    letters = set(recogniser.alphabet.characters)
    words = {word for one in said for word in one if letters.issuperset(word)}

    began_s = time.process_time()
    kept = [recogniser.posteriors(one.audio).to_bytes() for one in dev]
    heard_s = time.process_time() - began_s
    began_s = time.process_time()
    transcripts = [
        list(recogniser.heard_again("", posteriors_from(data)))[-1].transcript for data in kept
    ]
    decoded_s = heard_s + time.process_time() - began_s
    joined, starts_s = one_recording([posteriors_from(data) for data in kept])
    archive = joined.to_bytes()
    keywords = keywords_of(sorted(words), recogniser)
    began_s = time.process_time()
    hits = list(hits_in(posteriors_from(archive), keywords, recogniser, Path("dev"), LEAST_SCORE))
    found_s = (time.process_time() - began_s) / len(words)

    hours = joined.duration_s / 3600
    print(f"{platform.machine()}, {len(dev)} utterances, {hours:.3f} h, {len(words)} keywords")
    print(f"posteriors: {len(archive) / hours / 1e6:.1f} MB an hour of audio")
    print(
        f"seconds of one core for an hour of audio: decoding {decoded_s / hours:.0f}, "
        f"the encoder alone {heard_s / hours:.0f}, one keyword {found_s / hours:.2f}: "
        f"{decoded_s / found_s:.0f} times as fast (wanted: {FASTER})"
    )
    texts = [
        Claim(word.word, at, word.confidence or 0.0)
        for at, one in enumerate(transcripts)
        for segment in one.segments
        for word in segment.words
        if word.word in words
    ]
    claims = [
        Claim(hit.word, utterance_at((hit.start_s + hit.end_s) / 2, starts_s), hit.score)
        for hit in hits
    ]
    judge("searching the text", texts, said, words, hours)
    judge("searching the posteriors", claims, said, words, hours)


def utterance_at(time_s: float, starts_s: np.ndarray) -> int:
    """Return the number of the utterance in which a time lies."""
    return int(np.searchsorted(starts_s, time_s, side="right")) - 1


def one_recording(several: Sequence[Posteriors]) -> tuple[Posteriors, np.ndarray]:
    """Return recordings one after another as one, and where each begins, in seconds."""
    starts_s = np.cumsum([0.0, *(one.duration_s for one in several)])
    chunks = [
        replace(chunk, start_s=chunk.start_s + start_s, end_s=chunk.end_s + start_s)
        for one, start_s in zip(several, starts_s, strict=False)
        for chunk in one.chunks
    ]
    return Posteriors(duration_s=float(starts_s[-1]), chunks=tuple(chunks)), starts_s


if __name__ == "__main__":
    main()
