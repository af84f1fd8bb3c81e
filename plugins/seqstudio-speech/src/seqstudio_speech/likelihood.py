"""How likely a model finds the transcript of an utterance, and how much it doubts its own."""

import math
from typing import TYPE_CHECKING

import torch

from seqstudio.api import AudioExample, Transcript
from seqstudio.api.nn import ctc_loss_sum, frames_needed
from seqstudio_speech.recordings import read_mono

if TYPE_CHECKING:
    from seqstudio_speech.recognise import Recogniser

LONGEST_S = 60.0  # the loss of a longer recording would take too much memory


def log_loss(recogniser: "Recogniser", example: AudioExample) -> dict[str, tuple[float, float]]:
    """Return the CTC loss of a transcript over its characters, as the sums of `nll_per_character`.

    Characters that the model does not know are left out. A transcript that has no path through the
    frames counts as guessed. The sums are empty for a long recording, and for an empty transcript.

    Raises
    ------
    DataError
        If the recording cannot be read.
    """
    alphabet, rate_hz = recogniser.alphabet, recogniser.settings.features.rate_hz
    labels = alphabet.encode_known(example.transcript)
    samples = read_mono(example.audio, rate_hz)
    if not labels or not LONGEST_S * rate_hz >= len(samples) > 0:
        return {}
    log_probs = recogniser.log_probs(recogniser.frames(samples))
    if frames_needed(labels) > len(log_probs):
        guessed = len(labels) * math.log(log_probs.shape[1])
        return {"nll_per_character": (guessed, float(len(labels)))}
    lengths = torch.tensor([len(log_probs)]), torch.tensor([len(labels)])
    loss = ctc_loss_sum(log_probs[None], lengths[0], torch.tensor([labels]), lengths[1])
    return {"nll_per_character": (float(loss), float(len(labels)))}


def doubt_sums(transcript: Transcript) -> dict[str, tuple[float, float]]:
    """Return the sums of `doubt`: of the words of a transcript, by their sound."""
    count = float(sum(len(segment.words) for segment in transcript.segments))
    return {"doubt": (count * transcript.provenance["doubt"], count)}
