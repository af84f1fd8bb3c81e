"""Subword units, learned from both languages together (Kudo and Richardson 2018, SentencePiece)."""

import io
from collections.abc import Iterable, Sequence
from functools import lru_cache

import torch
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from torch import Tensor

from seqstudio.api import DataError

END, UNKNOWN = 0, 1


@lru_cache(maxsize=8)
def processor(model: bytes) -> SentencePieceProcessor:
    """Return what splits texts as a model says; a task asks for the same one for every batch."""
    return SentencePieceProcessor(model_proto=model)


class Subwords:
    """Splits texts into units and joins them again. 0 ends a text, 1 is an unknown character."""

    def __init__(self, model: bytes) -> None:
        self.processor = processor(model)

    @classmethod
    def learned(cls, texts: Iterable[str], size: int) -> Tensor:
        """Learn at most `size` units; return the model as a uint8 tensor, to store with weights.

        Raises
        ------
        DataError
            If there is too little text.
        """
        written = io.BytesIO()
        try:
            SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=written,
                vocab_size=size,
                hard_vocab_limit=False,
                model_type="unigram",
                character_coverage=0.9998,
                eos_id=END,
                unk_id=UNKNOWN,
                bos_id=-1,
                pad_id=-1,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            raise DataError(f"{size} subword units cannot be learned: {error}") from error
        return torch.frombuffer(bytearray(written.getvalue()), dtype=torch.uint8)

    @classmethod
    def stored(cls, model: Tensor) -> "Subwords":
        """Return the subwords that a tensor holds."""
        return cls(model.cpu().numpy().tobytes())

    @property
    def size(self) -> int:
        """How many units there are."""
        return int(self.processor.vocab_size())

    def numbers(self, text: str) -> list[int]:
        """Return the units of a text, and the end."""
        return [*self.processor.encode(text), END]

    def text(self, numbers: Sequence[int], unknown: Sequence[str] = ()) -> str:
        """Join units to a text, up to the end; `unknown` has what stands for each unknown one."""
        pieces, copied = [], iter(unknown)
        for number in numbers:
            if number == END:
                break
            piece = self.processor.id_to_piece(number)
            pieces.append(next(copied, "") if number == UNKNOWN else piece)
        return "".join(pieces).replace("\u2581", " ").strip()

    def pieces(self, text: str) -> list[str]:
        """Return the units of a text as they are written, and an empty one for the end."""
        return [*self.processor.encode(text, out_type=str), ""]
