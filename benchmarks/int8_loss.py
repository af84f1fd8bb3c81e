"""The loss of a model of `music.voices` whose steps have eight-bit weights, beside float32.

    python benchmarks/int8_loss.py MODEL DATA [PIECES]

MODEL: a bundle; DATA: its data set, of whose valid split every piece is measured, or the first
PIECES. Eight-bit weights exist in steps alone: there the logits of each token are those of a step
after the tokens before it, as in sampling.
"""

import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from seqstudio_music import seqstudio_importers, seqstudio_parts
from seqstudio_music.voices.task import VoicesTask
from torch import Tensor

from seqstudio.api import Example, Ledger, Measurement
from seqstudio.api.nn import SequenceModel, with_plugin_parts
from seqstudio.contracts.data import pool
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import choose_split, read_examples


@torch.inference_mode()
def stepped(model: SequenceModel, tokens: Tensor, lengths: Tensor, *, covariates: Tensor) -> Tensor:
    """Return the (B, U, V) logits of whole sequences, step by step with eight-bit weights."""
    following, state = model.start(len(tokens), covariates=covariates, int8=True)
    logits = [following]
    for column in tokens[:, :-1].t():
        following, state = model.step(column, state)
        logits.append(following)
    return torch.stack(logits, dim=1)


def valid_pieces(data: Path, held_out: Mapping[str, float] | None) -> list[Example]:
    """Return the valid split of a data set, as `seqstudio evaluate` chooses it."""
    kinds = ("chorale-json", "midi")
    importers = seqstudio_importers()
    examples = read_examples(VoicesTask(), data, Ledger(), kinds=kinds, importers=importers)
    return choose_split(examples, "valid", held_out=held_out, trained_on=True)


def main() -> None:
    """Print the metrics with both kinds of weights, and the time that they took."""
    torch.set_num_threads(1)
    bundle, task = Path(sys.argv[1]), VoicesTask()
    model = load_bundle(bundle, task, parts=with_plugin_parts(seqstudio_parts()))
    examples = valid_pieces(Path(sys.argv[2]), inspect_bundle(bundle).card.held_out)
    chosen = examples[: int(sys.argv[3])] if len(sys.argv) > 3 else examples
    print(f"{model.name}, {len(chosen)} of the {len(examples)} pieces of the valid split")
    for name in ("float32", "eight bits"):
        if name == "eight bits":
            model.module.decode = partial(stepped, model.module)
        started = time.perf_counter()
        found: list[Measurement] = list(task.measure(model, chosen))
        values = ", ".join(f"{metric} {value:.5f}" for metric, value in pool(found).items())
        print(f"  {name:10}  {values}  ({time.perf_counter() - started:.0f} s)")


if __name__ == "__main__":
    main()
