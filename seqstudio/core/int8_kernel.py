"""Products of a step with eight-bit weights; the sums are of integers, and so exact.

The weights of a column have one scale: they are whole multiples of it, -127 to 127 (Jacob et al.
2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
inference"). A row of inputs is rounded to 16 bits of its own largest value, much finer than the
weights, and multiplied as two bytes.

Where the CPU has an instruction that multiplies four bytes in each lane, sixteen rows take less
than half the time of float32; one row does wherever reading the weights is what takes the time.
"""

from collections.abc import Callable, Sequence
from functools import cache

from seqstudio.core.step_kernel import PANEL, PRODUCT
from seqstudio.core.vector_code import LANES, Code, Value, Variable, compiled

LARGEST = 127  # of a weight
TILE = 2  # rows that are summed at once: with two bytes an input, 16 vectors of sums
BLOCK = 16  # rows whose rounded inputs are kept, in the stack
BYTES = 4  # inputs of a column that lie in one lane
INPUT_STEPS = 32_512.0  # of the largest input of a row; its high byte is at most 255
# added to a float of this size it leaves an integer, 0 to 65,535, in the low 16 bits
ROUNDED = 2.0**23 + 2**15
HIGH_BYTE_ZERO = 128  # the high byte of 0


@cache
def compiled_int8_product() -> Callable[..., None]:
    """Return the function of products with eight-bit weights; its arguments are `PRODUCT`.

    They are those of `compiled_product`, but `inputs` is a multiple of LANES; panels (columns /
    PANEL, inputs / BYTES, PANEL, BYTES) int8; and bias (3, columns): the bias, the scale of each
    column, and as an int32 what the zero of the inputs' high bytes adds too much, negative.
    """
    code = Code("int8_product", *PRODUCT)
    write_int8_product(code, **code.arguments)
    return compiled(code)


def write_int8_product(
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
    """Write the loops of a product over blocks of rows, panels, and tiles of rows."""
    words = inputs / BYTES
    rounded = code.room((words * 2 + 1) * BLOCK)
    scales = rounded + words * (2 * BLOCK)
    with code.loop(0, rows, BLOCK) as first:
        count = code.smaller(rows - first, BLOCK)
        with code.loop(0, count) as row:
            given, place = x + (first + row) * x_step, rounded + row * words * 2
            write_rounded(code, inputs, given, place, scales + row)
        full = count / TILE * TILE
        with code.loop(0, columns, PANEL) as column:
            panel, constants = panels + column * words, bias + column
            for size, start, stop in ((TILE, 0, full), (1, full, count)):
                with code.loop(start, stop, size) as row:
                    numbers = [row + one for one in range(size)]
                    from_rows = [rounded + one * words * 2 for one in numbers]
                    sums = write_int8_tile(code, words, from_rows, panel, constants + columns * 2)
                    for one, totals in zip(numbers, sums, strict=True):
                        line = y + (first + one) * y_step + column
                        scale = code.spread(scales + one)
                        write_results(code, totals, scale, constants, columns, line)


def write_rounded(code: Code, inputs: Value, row: Value, rounded: Value, scale: Value) -> None:
    """Write the two bytes of each input of a row: all high ones, then all low ones; and its scale.

    An input that is NaN or infinite makes the scale so.
    """
    largest = Variable(code, code.vector(0.0))
    with code.loop(0, inputs, LANES) as at:
        largest.set(code.larger_size(largest.get(), code.load(row + at)))
    size = code.largest(largest.get())
    code.store_first(size * (1 / INPUT_STEPS), scale)
    steps = code.vector(INPUT_STEPS) / size
    with code.loop(0, inputs, LANES) as at:
        whole = code.multiply_add(code.load(row + at), steps, code.vector(ROUNDED))
        for byte, start in ((1, rounded), (0, rounded + inputs / BYTES)):
            code.store_byte(whole, byte, start + at / BYTES)


class Sums:
    """The integer sums of a row and a vector of columns: of the inputs' high bytes, and low ones.

    Parameters
    ----------
    excess : pointer to what the zero of the high bytes adds too much, negative
    """

    def __init__(self, code: Code, excess: Value) -> None:
        self.code = code
        self.parts = Variable(code, code.load(excess)), Variable(code, code.vector(0.0))

    def add(self, part: int, value: Value, weight: Value) -> None:
        """Add the products of one part of the inputs, 0 the high bytes."""
        total = self.parts[part]
        total.set(self.code.multiply_add_bytes(value, weight, total.get()))

    def total(self) -> Value:
        """Return the sums as floats."""
        high, low = (self.code.from_integers(part.get()) for part in self.parts)
        return self.code.multiply_add(high, self.code.vector(256.0), low)


def write_int8_tile(
    code: Code, words: Value, rows: Sequence[Value], panel: Value, excess: Value
) -> list[list[Sums]]:
    """Write the sums of a few rows and one panel; a weight is loaded once for all rows."""
    lanes = range(0, PANEL, LANES)
    sums = [[Sums(code, excess + lane) for lane in lanes] for _ in rows]
    with code.loop(0, words) as at:
        weights = [code.load(panel + at * PANEL + lane) for lane in lanes]
        for row, totals in zip(rows, sums, strict=True):
            for part, start in enumerate((row, row + words)):
                value = code.spread(start + at)
                for total, weight in zip(totals, weights, strict=True):
                    total.add(part, value, weight)
    return sums


def write_results(
    code: Code, totals: Sequence[Sums], scale: Value, bias: Value, columns: Value, line: Value
) -> None:
    """Write the results of a row and a panel; the scales of the weights follow the bias."""
    for number, total in enumerate(totals):
        at = bias + number * LANES
        of_weights = scale * code.load(at + columns)
        result = code.multiply_add(total.total(), of_weights, code.load(at))
        code.store(result, line + number * LANES)
