"""Time of one sampling step: ours, loops over torch's own layers, and the matmuls alone.

Goals: one row, a single take, at least 1.25 times as fast as the fastest torch loop (`nn.LSTM` with
oneDNN off, `nn.LSTMCell`), and at most 1.0 of the step's matmuls by torch; sixteen rows at most 4
times one row. The lone row's own matmuls read more bytes than they compute, sixteen rows compute:
so their rate is printed beside the best that torch reaches in a large product. Then eight-bit
weights beside float32, for the products of one matrix alone (goal: at least 1.8 times as fast) and
for whole steps; `int8_loss.py` prints their loss. Then a prompt, run over at once and stepped.
Medians of the CPU time of one thread; what is compared runs in turn. Run
`python benchmarks/bench_step.py`.
"""

import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from seqstudio.api.nn import DecoderConfig, ModelConfig, NestedConfig, SequenceModel, build
from seqstudio.core.compiled_step import CompiledLinear, Int8Linear

VOCABULARY, DIMENSION, LAYERS = 400, 128, 2
SLOTS = 2  # tokens in a group of the nested model
STEPS, ROUNDS, PROMPT = 50, 15, 512
GATES = {"lstm": 4, "gru": 3, "mingru": 2}
Loop = Callable[[], Any]


def our_loop(model: SequenceModel, rows: int, *, int8: bool = False) -> Loop:
    logits, initial_state = model.start(rows, int8=int8)

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


def matmul_shapes(model: SequenceModel) -> list[tuple[int, int, int]]:
    """Return the inputs and outputs of a step's matmuls, and how many steps each serves.

    They are as few as can be: a layer's recurrence and what it passes upwards are one product.
    """
    config = model.decoder.config
    hidden, gates = config.hidden, GATES[config.cell] * config.hidden
    own = 0 if config.cell == "mingru" else gates
    if isinstance(config, DecoderConfig):
        return [(hidden, own + gates, 1), (hidden, own + VOCABULARY, 1)]
    inner = config.inner_hidden
    inner_gates = GATES[config.inner_cell] * inner
    context = inner_gates + VOCABULARY + inner  # gates, logits and the first state of a group
    outer = [(hidden, own + gates, SLOTS), (hidden, own + context, SLOTS)]
    return [*outer, (inner, inner_gates, SLOTS), (inner, inner_gates + VOCABULARY, 1)]


def matmul_loop(model: SequenceModel, rows: int) -> Loop:
    """Only the matmuls."""
    products = [
        (torch.randn(rows, n_in), torch.randn(n_in, n_out), torch.empty(rows, n_out), every)
        for n_in, n_out, every in matmul_shapes(model)
    ]

    def run() -> None:
        for step in range(STEPS):
            for left, right, result, every in products:
                if step % every == 0:
                    torch.mm(left, right, out=result)

    return run


def medians(loops: dict[str, Loop], *, steps: int = STEPS) -> dict[str, float]:
    """Return the median CPU microseconds of one step of each loop; the loops run in turn."""
    times: dict[str, list[float]] = {name: [] for name in loops}
    for loop in loops.values():
        loop()
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            started = time.process_time()
            loop()
            times[name].append(1e6 * (time.process_time() - started) / steps)
    return {name: statistics.median(each) for name, each in times.items()}


def peak() -> float:
    """Return the best GFLOP/s of a large product by torch."""
    left, right, result = torch.randn(768, 768), torch.randn(768, 768), torch.empty(768, 768)
    best = medians({"mm": lambda: torch.mm(left, right, out=result)}, steps=1)["mm"]
    return 2e-3 * 768**3 / best


def flat_model(cell: Any, hidden: int) -> SequenceModel:
    torch.manual_seed(0)
    config = DecoderConfig(
        vocabulary=VOCABULARY, dimension=DIMENSION, cell=cell, hidden=hidden, layers=LAYERS
    )
    return build(ModelConfig(decoder=config)).eval()


def compare_loops(hidden: int) -> None:
    """Compare a lone LSTM row with loops over torch's layers."""
    model = flat_model("lstm", hidden)
    loops = {
        "ours": our_loop(model, 1),
        "nn.LSTM": lstm_loop(model, 1, onednn=True),
        "nn.LSTM, oneDNN off": lstm_loop(model, 1, onednn=False),
        "nn.LSTMCell": cell_loop(model, 1),
    }
    tokens = {name: torch.stack(loop()) for name, loop in loops.items()}
    same = all(torch.equal(tokens["ours"], each) for each in tokens.values())
    found = medians(loops)
    print(f"lstm, hidden {hidden}, one row; same tokens in all: {same}")
    for name, microseconds in found.items():
        print(f"  {name:20s} {microseconds:7.0f} us a step")
    fastest = min(found["nn.LSTM, oneDNN off"], found["nn.LSTMCell"])
    print(f"  {fastest / found['ours']:.2f} times the fastest torch loop (goal 1.25 or more)")


def compare_matmuls(name: str, model: SequenceModel) -> None:
    """Compare one row and sixteen with the matmuls of as many rows."""
    loops = {(kind, rows): loop(model, rows) for rows in (1, 16)
             for kind, loop in (("ours", our_loop), ("mm", matmul_loop))}  # fmt: skip
    found = medians({str(key): loop for key, loop in loops.items()})
    one, sixteen = found[str(("ours", 1))], found[str(("ours", 16))]
    mm_one, mm_sixteen = found[str(("mm", 1))], found[str(("mm", 16))]
    flop = 2 * 16 * sum(n_in * n_out / every for n_in, n_out, every in matmul_shapes(model))
    print(
        f"{name:22s} {one:5.0f} us, {one / mm_one:.2f} of its matmuls; 16 rows {sixteen:5.0f} us, "
        f"{sixteen / mm_sixteen:.2f} of theirs, {1e-3 * flop / sixteen:3.0f} GFLOP/s, "
        f"{sixteen / one:.1f} times one row (torch's matmuls {mm_sixteen / mm_one:.1f})"
    )


def product_loop(linear: CompiledLinear, rows: int) -> Loop:
    inputs = torch.randn(rows, linear.inputs).tanh()

    def run() -> None:
        for _ in range(STEPS):
            linear(inputs)

    return run


def compare_eight_bits(name: str, loop: Callable[[int, bool], Loop]) -> None:
    """Compare eight-bit weights with float32, for one row and sixteen."""
    loops = {f"{rows} {int8}": loop(rows, int8) for rows in (1, 16) for int8 in (False, True)}
    found = medians(loops)
    texts = []
    for rows, title in ((1, "one row"), (16, "16 rows")):
        exact, rounded = found[f"{rows} False"], found[f"{rows} True"]
        texts.append(f"{title} {exact:4.0f} to {rounded:3.0f} us, {exact / rounded:.2f} times")
    print(f"  {name:22s} {'; '.join(texts)}")


def compare_products(hidden: int) -> None:
    """Compare the products of an LSTM layer's two matrices, laid side by side."""
    weight, bias = torch.randn(8 * hidden, hidden) / hidden**0.5, torch.randn(8 * hidden)
    linears = CompiledLinear(weight, bias), Int8Linear(weight, bias)
    compare_eight_bits(
        f"{hidden} x {8 * hidden} alone", lambda rows, int8: product_loop(linears[int8], rows)
    )


def compare_prompts(name: str, model: SequenceModel) -> None:
    """Compare running over a prompt with stepping through it."""
    logits, state = model.start(1)
    tokens = []
    for _ in range(PROMPT):
        tokens.append(logits.argmax(dim=1))
        logits, state = model.step(tokens[-1], state)
    prompt = torch.stack(tokens, dim=1)

    def steps() -> None:
        _, state = model.start(1)
        for token in tokens:
            _, state = model.step(token, state)

    found = medians({"primed": lambda: model.prime(prompt), "stepped": steps}, steps=1000)
    primed, stepped = found["primed"], found["stepped"]
    print(f"{name}, prompt of {PROMPT} tokens: {primed:.1f} ms at once, {stepped:.1f} ms in steps")


def main() -> None:
    torch.set_num_threads(1)
    capability = torch.backends.cpu.get_cpu_capability()
    print(f"torch {torch.__version__}, {platform.machine()}, {capability}, 1 thread")
    for hidden in (256, 512):
        compare_loops(hidden)
    models = {f"{cell} {size}": flat_model(cell, size) for cell in GATES for size in (256, 512)}
    ranges = ((0, VOCABULARY),) * SLOTS
    nested = NestedConfig(vocabulary=VOCABULARY, slots=SLOTS, slot_ranges=ranges)
    models["nested"] = build(ModelConfig(decoder=nested)).eval()
    for name, model in models.items():
        compare_matmuls(name, model)
    print(f"peak of torch.mm, 768 x 768 x 768: {peak():.0f} GFLOP/s")
    print("float32 to eight-bit weights (goal for the products alone: 1.8 times or more)")
    for hidden in (192, 256, 320, 512):
        compare_products(hidden)
    for name, model in models.items():
        compare_eight_bits(name, lambda rows, int8, model=model: our_loop(model, rows, int8=int8))
    for name in ("lstm 256", "nested"):
        compare_prompts(name, models[name])


if __name__ == "__main__":
    with torch.inference_mode():  # as in sampling
        main()
