"""Cost of inputs that are functions of the past: in training and in a step, flat and nested.

Each model is timed without such inputs, with those of the box in their fast forms, and with the
same inputs run step by step, as a plugin's own are. Medians of the CPU time of one thread; what is
compared runs in turn. Run `python benchmarks/bench_past_inputs.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from seqstudio.api.nn import (
    AgeConfig,
    DecoderConfig,
    LookBackConfig,
    ModelConfig,
    NestedConfig,
    PastInput,
    SequenceModel,
    build,
)

ROWS, STEPS, ROUNDS = 8, 256, 5
PAST = (LookBackConfig(lags=(1, 16, 32)), AgeConfig(limit=16))
PITCHES = 88


def flat_tokens() -> Tensor:
    return torch.randint(0, 128, (ROWS, STEPS))


def roll_tokens() -> Tensor:
    """Return groups of three pitches and END."""
    pitches = torch.rand(ROWS, STEPS, PITCHES).topk(3).indices.sort(dim=2).values
    return torch.nn.functional.pad(pitches, (0, 1), value=PITCHES)


def models(decoder: Callable[..., DecoderConfig | NestedConfig]) -> dict[str, SequenceModel]:
    """Return the models that are compared."""
    built = {
        "without": build(ModelConfig(decoder=decoder(past=()))),
        "fast form": build(ModelConfig(decoder=decoder(past=PAST))),
        "by steps": build(ModelConfig(decoder=decoder(past=PAST))),
    }
    for one in built["by steps"].decoder.past.inputs:
        one.whole = PastInput.whole.__get__(one)
    return built


def training_pass(model: SequenceModel, tokens: Tensor) -> None:
    model.log_probs(tokens, torch.full((ROWS,), STEPS)).sum().backward()


@torch.inference_mode()
def steps(model: SequenceModel, tokens: Tensor, state: Any) -> None:
    """Step rows over the tokens of 32 steps; groups token by token."""
    for column in tokens[:, :32].flatten(1).T:
        _, state = model.step(column, state)


def median_ms(runs: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median CPU time of each, in milliseconds, run in turn."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_number in range(ROUNDS + 1):
        for name, run in runs.items():
            started = time.process_time()
            run()
            if round_number:  # the first round warms up
                times[name].append(1000 * (time.process_time() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def compare(title: str, runs: dict[str, Callable[[], None]]) -> None:
    measured = median_ms(runs)
    print(title)
    for name, value in measured.items():
        print(f"  {name:10} {value:8.1f} ms, {value / measured['without']:.2f} times")


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    print(
        f"torch {torch.__version__}, {platform.machine()}, 1 thread, {ROWS} rows of {STEPS} steps"
    )
    kinds = {
        "flat, hidden 256, 2 layers": (
            models(lambda past: DecoderConfig(vocabulary=128, past=past)),
            flat_tokens(),
        ),
        "nested, 88 pitches": (
            models(lambda past: NestedConfig(vocabulary=PITCHES + 1, past=past)),
            roll_tokens(),
        ),
    }
    for title, (built, tokens) in kinds.items():
        for model in built.values():
            model.train()
        compare(
            f"{title}: training pass",
            {name: partial(training_pass, model, tokens) for name, model in built.items()},
        )
        stepped = {name: built[name].eval() for name in ("without", "fast form")}
        for rows in (1, 8):
            compare(
                f"{title}: 32 steps of {rows} rows",
                {
                    name: partial(steps, model, tokens[:rows], model.start(rows)[1])
                    for name, model in stepped.items()
                },
            )


if __name__ == "__main__":
    main()
