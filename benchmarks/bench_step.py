"""Time of one sampling step: ours, loops over torch's own layers, and the matmuls alone.

Goals for one row, a single take: at least 1.25 times as fast as the fastest torch loop (`nn.LSTM`
with oneDNN off, `nn.LSTMCell`), and at most 1.6 times the time of the step's matmuls. Sixteen rows
are measured as well, without a goal: each row is multiplied alone, so that a take has the same
bytes alone and among others. Medians of the CPU time of one thread; the loops run in turn. Run
`python benchmarks/bench_step.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from seqstudio.api.nn import DecoderConfig, ModelConfig, SequenceModel, build

VOCABULARY, DIMENSION, LAYERS = 400, 128, 2
STEPS, ROUNDS = 100, 15
Loop = Callable[[], list[Tensor]]


def our_loop(model: SequenceModel, rows: int) -> Loop:
    logits, initial_state = model.start(rows)

    def run() -> list[Tensor]:
        tokens, state = [logits.argmax(dim=1)], initial_state
        for _ in range(STEPS - 1):
            next_logits, state = model.step(tokens[-1], state)
            tokens.append(next_logits.argmax(dim=1))
        return tokens

    return run


def lstm_loop(model: SequenceModel, rows: int, *, onednn: bool) -> Loop:
    decoder = model.decoder
    lstm = nn.LSTM(DIMENSION, decoder.config.hidden, LAYERS, batch_first=True)
    for number, layer in enumerate(decoder.body.layers):
        for name, weight in layer.rnn.named_parameters():
            getattr(lstm, name.replace("l0", f"l{number}")).data = weight.data

    def run() -> list[Tensor]:
        tokens, state = [torch.full((rows,), VOCABULARY)], None
        with torch.backends.mkldnn.flags(enabled=onednn):
            for _ in range(STEPS):
                output, state = lstm(decoder.embedding(tokens[-1])[:, None], state)
                tokens.append(decoder.output(output[:, 0]).argmax(dim=1))
        return tokens[1:]

    return run


def cell_loop(model: SequenceModel, rows: int) -> Loop:
    decoder, hidden = model.decoder, model.decoder.config.hidden
    first, second = nn.LSTMCell(DIMENSION, hidden), nn.LSTMCell(hidden, hidden)
    for cell, layer in zip((first, second), decoder.body.layers, strict=True):
        for name, weight in layer.rnn.named_parameters():
            getattr(cell, name.removesuffix("_l0")).data = weight.data

    def run() -> list[Tensor]:
        tokens = [torch.full((rows,), VOCABULARY)]
        lower = upper = (torch.zeros(rows, hidden), torch.zeros(rows, hidden))
        for _ in range(STEPS):
            lower = first(decoder.embedding(tokens[-1]), lower)
            upper = second(lower[0], upper)
            tokens.append(decoder.output(upper[0]).argmax(dim=1))
        return tokens[1:]

    return run


def matmul_loop(hidden: int, rows: int) -> Loop:
    """Only the matmuls: recurrence of the first layer, both of the second layer, output."""
    shapes = ((hidden, 4 * hidden), (2 * hidden, 4 * hidden), (hidden, VOCABULARY))
    products = [
        (torch.randn(rows, n_in), torch.randn(n_in, n_out), torch.empty(rows, n_out))
        for n_in, n_out in shapes
    ]

    def run() -> list[Tensor]:
        for _ in range(STEPS):
            for left, right, result in products:
                torch.mm(left, right, out=result)
        return []

    return run


def medians(loops: dict[str, Loop]) -> dict[str, float]:
    """Return the median CPU seconds of one step of each loop; the loops run in turn."""
    times: dict[str, list[float]] = {name: [] for name in loops}
    for loop in loops.values():
        loop()
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            started = time.process_time()
            loop()
            times[name].append((time.process_time() - started) / STEPS)
    return {name: statistics.median(each) for name, each in times.items()}


def compare(hidden: int, rows: int) -> None:
    torch.manual_seed(0)
    config = DecoderConfig(vocabulary=VOCABULARY, dimension=DIMENSION, hidden=hidden, layers=LAYERS)
    model = build(ModelConfig(decoder=config)).eval()
    loops = {
        "ours": our_loop(model, rows),
        "nn.LSTM": lstm_loop(model, rows, onednn=True),
        "nn.LSTM, oneDNN off": lstm_loop(model, rows, onednn=False),
        "nn.LSTMCell": cell_loop(model, rows),
    }
    tokens = {name: torch.stack(loop()) for name, loop in loops.items()}
    same = all(torch.equal(tokens["ours"], each) for each in tokens.values())
    found = medians({**loops, "matmuls alone": matmul_loop(hidden, rows)})
    print(f"hidden {hidden}, rows {rows}; same tokens in all: {same}")
    for name, seconds in found.items():
        print(f"  {name:20s} {1e6 * seconds:7.0f} us a step")
    fastest = min(found["nn.LSTM, oneDNN off"], found["nn.LSTMCell"])
    goals = (" (goal 1.25 or more)", " (goal 1.6 or less)") if rows == 1 else ("", "")
    print(f"  {fastest / found['ours']:.2f} times the fastest torch loop{goals[0]}")
    print(f"  {found['nn.LSTM'] / found['ours']:.2f} times the plain nn.LSTM loop")
    print(f"  {found['ours'] / found['matmuls alone']:.2f} of the matmuls alone{goals[1]}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {platform.machine()}, {capability}, 1 thread")
    with torch.inference_mode():  # as in sampling
        for hidden in (256, 512):
            compare(hidden, rows=1)
        compare(256, rows=16)
