"""sherpa-onnx as a recogniser: a user's transducer or CTC model, in any language."""

from collections.abc import Iterable

from seqstudio.api import Recogniser, hookimpl
from seqstudio_sherpa.recogniser import Sherpa


@hookimpl
def seqstudio_recognisers() -> Iterable[Recogniser]:
    """Return a recogniser for folders with a transducer, and one for folders with a CTC model."""
    return [Sherpa("sherpa-transducer"), Sherpa("sherpa-ctc")]
