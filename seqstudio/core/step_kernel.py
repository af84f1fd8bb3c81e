"""The products and gates of a step for a few rows, compiled for the CPU that this runs on.

A product sums over its inputs in one fixed order, so that a row's bits do not depend on how many
rows are multiplied with it. A BLAS chooses its kernel, and with it the order, by the number of
rows. The gates are compiled too, since a step's element-wise operations in torch cost as much as a
small product.

Matrices are packed into panels of `PANEL` columns. The sums of a panel and a few rows stay in
registers, so that each weight is loaded once for all of these rows (Goto and van de Geijn 2008,
"Anatomy of high-performance matrix multiplication"). The sizes suit AVX-512; where registers are
narrower or fewer, the results are the same.
"""

from collections.abc import Callable, Sequence
from functools import cache

from seqstudio.core.cells import Cell
from seqstudio.core.vector_code import LANES, Code, Value, Variable, compiled

PANEL = 4 * LANES  # columns
TILE = 4  # rows that are summed at once: 16 vectors of sums, which fit into 32 registers
# the arguments of the functions: integers (distances count floats), then pointers
PRODUCT = (("rows", "inputs", "x_step", "y_step", "columns"), ("x", "panels", "bias", "y"))
GATHER = (
    ("rows", "ids_count", "table_rows", "gates_step", "columns"),
    ("ids", "table", "gates", "summed"),
)
LAYER = (
    ("steps", "rows", "hidden", "gates_step", "state_step", "columns", "outputs_step"),
    ("gates", "state", "new_state", "panels", "bias", "outputs"),
)
LAYERS = (
    ("steps", "rows", "ids_count", "gates_step", "outputs_step", "outputs_layer"),
    ("ids", "gates", "state", "new_state", "outputs", "passed", "headed", "plan"),
)
# what `plan` begins with, 64-bit integers: sizes, then the table of the rows that ids name, and the
# map from the outputs of the last layer
PLAN = (
    "hidden", "state_step", "columns", "layers", "gates",
    "table", "table_rows", "head_panels", "head_bias", "head_columns",
)  # fmt: skip
# and what it has for each layer: addresses of the map to its own gates and of that to the layer
# above, and the columns of that (0 for the last layer)
LAYER_PLAN = ("panels", "bias", "above_panels", "above_bias", "above_columns", "below_columns")
INTEGER_FLOATS = 2  # the floats that have the size of an integer


@cache
def compiled_product() -> Callable[..., None]:
    """Return the function y = x @ weight + bias; its arguments are `PRODUCT`.

    Shapes: x (rows, inputs), rows `x_step` apart; y (rows, columns), a multiple of PANEL, rows
    `y_step` apart; panels (columns / PANEL, inputs, PANEL); bias (columns,).
    """
    code = Code("product", *PRODUCT)
    write_product(code, **code.arguments)
    return compiled(code)


@cache
def compiled_layers(cell: Cell, product: str) -> Callable[..., None]:
    """Return the function that steps layers of this cell; its arguments are `LAYERS`.

    `product` is the name of the products' function, which must have been compiled.

    The gates of the first layer are those given plus the rows of the table that ids name. An id
    that is not in the table names its last row.

    Shapes: ids (steps, rows, ids_count) int64; gates (steps, rows, G), rows `gates_step` apart, 0
    if all have the same; state and new_state (layers, rows, state_step), each row its output
    (hidden,), for an LSTM its memory (hidden,), and what the output adds to the gates of the next
    step (columns,); outputs (steps, rows, hidden), rows `outputs_step` apart, those of a layer
    `outputs_layer` after those of the layer below; passed: room for the gates of a layer, (steps,
    rows, the most columns); headed (rows, head_columns): what the head makes of the outputs of the
    last step; plan (PLAN, then layers of LAYER_PLAN); table (table_rows, G). `hidden` is a multiple
    of LANES, columns of PANEL. The outputs may lie in new_state if there is one step; no other two
    may share memory.
    """
    compiled_gather()  # which it calls
    compiled_layer(cell, product)
    code = Code(f"{cell}_layers_by_{product}", *LAYERS)
    write_layers(code, cell, product, **code.arguments)
    return compiled(code)


@cache
def compiled_gather() -> Callable[..., None]:
    """Return the function that adds rows of a table; its arguments are `GATHER`."""
    code = Code("gather", *GATHER)
    write_gather(code, **code.arguments)
    return compiled(code)


@cache
def compiled_layer(cell: Cell, product: str) -> Callable[..., None]:
    """Return the function that steps one layer; its arguments are `LAYER`."""
    code = Code(f"{cell}_layer_by_{product}", *LAYER)
    write_layer(code, cell, product, **code.arguments)
    return compiled(code)


def write_product(
    code: Code,
    rows: Value,
    inputs: Value,
    x_step: Value,
    y_step: Value,
    columns: Value,
    x: Value,
    panels: Value,
    bias: Value,
    y: Value,
) -> None:
    """Write the loops of a product over panels, and over tiles of rows."""
    full = rows / TILE * TILE
    with code.loop(0, columns, PANEL) as column:
        panel, panel_bias = panels + column * inputs, bias + column
        for size, start, stop in ((TILE, 0, full), (1, full, rows)):
            with code.loop(start, stop, size) as row:
                from_rows = [x + (row + one) * x_step for one in range(size)]
                sums = write_tile(code, inputs, from_rows, panel, panel_bias)
                for one, totals in enumerate(sums):
                    line = y + (row + one) * y_step + column
                    for at, total in enumerate(totals):
                        code.store(total.get(), line + at * LANES)


def write_tile(
    code: Code, inputs: Value, rows: Sequence[Value], panel: Value, bias: Value
) -> list[list[Variable]]:
    """Write the sums of a few rows and one panel; a weight is loaded once for all rows."""
    lanes = range(0, PANEL, LANES)
    sums = [[Variable(code, code.load(bias + lane)) for lane in lanes] for _ in rows]
    with code.loop(0, inputs) as at:
        weights = [code.load(panel + at * PANEL + lane) for lane in lanes]
        for row, totals in zip(rows, sums, strict=True):
            value = code.spread(row + at)
            for total, weight in zip(totals, weights, strict=True):
                total.set(code.multiply_add(value, weight, total.get()))
    return sums


def write_layer(
    code: Code,
    cell: Cell,
    product: str,
    steps: Value,
    rows: Value,
    hidden: Value,
    gates_step: Value,
    state_step: Value,
    columns: Value,
    outputs_step: Value,
    gates: Value,
    state: Value,
    new_state: Value,
    panels: Value,
    bias: Value,
    outputs: Value,
) -> None:
    """Write the loops of a layer over steps, rows and vectors of the hidden width."""
    added = state_step - columns  # where what the output adds begins
    with code.loop(0, steps) as step:
        before = code.either(step, state, new_state)
        with code.loop(0, rows) as row, code.loop(0, hidden, LANES) as at:
            place = row * state_step
            old, new = before + place + at, new_state + place + at
            here = step * rows + row
            inputs = gates + here * gates_step + at
            output = write_cell(code, cell, hidden, inputs, old, old + added, new)
            code.store(output, new)
            code.store(output, outputs + here * outputs_step + at)
        own = new_state + added
        sizes = rows, hidden, state_step, state_step, columns
        code.call(product, sizes, (new_state, panels, bias, own))


def write_gather(
    code: Code,
    rows: Value,
    ids_count: Value,
    table_rows: Value,
    gates_step: Value,
    columns: Value,
    ids: Value,
    table: Value,
    gates: Value,
    summed: Value,
) -> None:
    """Write the sums of each row's gates and the rows of the table that its ids name."""
    with code.loop(0, rows) as row, code.loop(0, columns, LANES) as at:
        total = Variable(code, code.load(gates + row * gates_step + at))
        with code.loop(0, ids_count) as number:
            found = code.integer_at(ids + (row * ids_count + number) * INTEGER_FLOATS)
            inside = code.below(found, table_rows)
            total.set(total.get() + code.load(table + inside * columns + at))
        code.store(total.get(), summed + row * columns + at)


def write_layers(
    code: Code,
    cell: Cell,
    product: str,
    steps: Value,
    rows: Value,
    ids_count: Value,
    gates_step: Value,
    outputs_step: Value,
    outputs_layer: Value,
    ids: Value,
    gates: Value,
    state: Value,
    new_state: Value,
    outputs: Value,
    passed: Value,
    headed: Value,
    plan: Value,
) -> None:
    """Write the gates of the first layer, the loop over layers, and the head.

    Each layer runs over all steps before the layer above starts: so its matrix stays in the cache,
    and what it passes upwards is one product.
    """
    sizes = planned(code, plan, PLAN)
    hidden, state_step, columns = sizes["hidden"], sizes["state_step"], sizes["columns"]
    table, rows_of_gates = code.address(sizes["table"]), steps * rows
    of_table = rows_of_gates, ids_count, sizes["table_rows"], gates_step, sizes["gates"]
    code.call("gather", of_table, (ids, table, gates, passed))
    with code.loop(0, sizes["layers"]) as layer:
        place = layer * len(LAYER_PLAN) + len(PLAN)
        own = planned(code, plan + place * INTEGER_FLOATS, LAYER_PLAN)
        states = (one + layer * rows * state_step for one in (state, new_state))
        results = outputs + layer * outputs_layer
        of_layer = steps, rows, hidden, own["below_columns"], state_step, columns, outputs_step
        weights = code.address(own["panels"]), code.address(own["bias"])
        code.call(f"{cell}_layer_by_{product}", of_layer, (passed, *states, *weights, results))
        weights = code.address(own["above_panels"]), code.address(own["above_bias"])
        shape = rows_of_gates, hidden, outputs_step, own["above_columns"], own["above_columns"]
        code.call(product, shape, (results, *weights, passed))
    last = (sizes["layers"] - 1) * outputs_layer + (steps - 1) * rows * outputs_step
    weights = code.address(sizes["head_panels"]), code.address(sizes["head_bias"])
    shape = rows, hidden, outputs_step, sizes["head_columns"], sizes["head_columns"]
    code.call(product, shape, (outputs + last, *weights, headed))


def planned(code: Code, plan: Value, names: Sequence[str]) -> dict[str, Value]:
    """Read integers of a plan, by name."""
    places = (plan + at * INTEGER_FLOATS for at in range(len(names)))
    return dict(zip(names, map(code.integer_at, places), strict=True))


def write_cell(
    code: Code, cell: Cell, hidden: Value, inputs: Value, old: Value, added: Value, new: Value
) -> Value:
    """Write one vector of a cell; return its output. The gates are in the order of torch."""

    def summed(gate: int) -> Value:
        return code.load(inputs + hidden * gate) + code.load(added + hidden * gate)

    if cell == "lstm":
        enter, forget, show = (sigmoid(summed(gate)) for gate in (0, 1, 3))
        memory = forget * code.load(old + hidden) + enter * tanh(summed(2))
        code.store(memory, new + hidden)
        return show * tanh(memory)
    if cell == "tanh":
        return tanh(summed(0))
    output = code.load(old)
    if cell == "gru":
        reset, update = sigmoid(summed(0)), sigmoid(summed(1))
        own = reset * code.load(added + hidden * 2)
        candidate = tanh(code.load(inputs + hidden * 2) + own)
        return candidate + update * (output - candidate)
    update, candidate = sigmoid(code.load(inputs)), code.load(inputs + hidden)
    return output + update * (candidate - output)


def tanh(x: Value) -> Value:
    """Write an approximation of tanh, within 4e-7; NaN stays NaN.

    A rational function with the coefficients of Eigen's `ptanh`: a minimax fit of degree 13 over 6
    on [-7.905, 7.905].
    """
    x = x.clamp(7.90531110763549805)
    square = x * x
    top = square * -2.76076847742355e-16 + 2.00018790482477e-13
    for term in (
        -8.60467152213735e-11,
        5.12229709037114e-08,
        1.48572235717979e-05,
        6.37261928875436e-04,
        4.89352455891786e-03,
    ):
        top = top * square + term
    bottom = square * 1.19825839466702e-06 + 1.18534705686654e-04
    for term in (2.26843463243900e-03, 4.89352518554385e-03):
        bottom = bottom * square + term
    return x * top / bottom


def sigmoid(x: Value) -> Value:
    """Write an approximation of the logistic function by `tanh`."""
    return tanh(x * 0.5) * 0.5 + 0.5
