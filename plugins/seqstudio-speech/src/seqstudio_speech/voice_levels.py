"""Where somebody speaks, by silero-vad: pauses are found in noise and music too."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from seqstudio.api import ConfigError
from seqstudio_speech.pauses import LEVEL_S, Levels, Samples

MODEL = "data/silero_vad_16k_sequence.onnx"  # data for ONNX Runtime; its package is not imported
RATE_HZ = 16000
WINDOW = 512  # samples that one probability is for
CONTEXT = 64  # samples before them, which the network hears too
RANGE_DB = 60.0  # between what is speech for sure and what is not


class VoiceLevels:
    """Measures how much a recording sounds like speech, in place of how loud it is.

    Raises
    ------
    ConfigError
        If silero-vad or ONNX Runtime is not installed.
    """

    name = "silero"

    def __init__(self) -> None:
        package = find_spec("silero_vad")
        if package is None or package.origin is None or find_spec("onnxruntime") is None:
            raise ConfigError(
                "vad='silero': silero-vad or onnxruntime is not installed, expected the extra: "
                "pip install 'seqstudio-speech[vad]'"
            )
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            Path(package.origin).parent / MODEL, options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, samples: Samples, rate_hz: int) -> Levels:
        """Return the level of every `LEVEL_S` of (N,) samples: `RANGE_DB` below 0 is no speech.

        Raises
        ------
        ConfigError
            If the rate is not 16 kHz.
        """
        if rate_hz != RATE_HZ:
            raise ConfigError(f"vad='silero': a model at {rate_hz} Hz, expected {RATE_HZ} Hz")
        count = len(samples) // round(LEVEL_S * rate_hz)
        centres = (np.arange(count) + 0.5) * LEVEL_S * rate_hz
        levels = RANGE_DB * (self.probabilities(samples) - 1)
        found: Levels = levels[(centres // WINDOW).astype(int)]
        return found

    def probabilities(self, samples: Samples) -> Levels:
        """Return for every `WINDOW` of (N,) samples at 16 kHz how probable speech is."""
        if not len(samples):
            return np.zeros(0)
        padded = np.pad(samples, (CONTEXT, -len(samples) % WINDOW)).astype(np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + WINDOW)[::WINDOW]
        state = np.zeros((1, 1, 128), np.float32)
        found = self._session.run(
            ["speech_probs"], {"input": np.ascontiguousarray(windows), "h": state, "c": state}
        )
        return np.asarray(found[0], np.float64).reshape(-1)
