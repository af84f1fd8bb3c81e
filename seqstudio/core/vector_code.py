"""Writes functions over vectors of floats in LLVM's code, and compiles them for this CPU.

`Code` is a function that is being written, and `Value` a number, pointer or vector in it, with the
arithmetic of Python: `pointer + 3` is the address 3 floats on, and a plain number in an operation
with a vector stands in every lane.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir

LANES = 16  # floats in a vector; LLVM splits it where registers are narrower
INTEGER = ir.IntType(64)
FLOAT = ir.FloatType()
POINTER = FLOAT.as_pointer()
VECTOR = ir.VectorType(FLOAT, LANES)
WORDS = ir.VectorType(ir.IntType(32), LANES)  # integers in a vector's place
BYTES = ir.VectorType(ir.IntType(8), LANES)
LLVM = Any  # llvmlite has no types


@dataclass(frozen=True, slots=True)
class Value:
    """An integer, a pointer to floats, or a vector of `LANES` floats."""

    builder: LLVM
    value: LLVM

    def __add__(self, other: "Value | float") -> "Value":
        if self.value.type == POINTER:
            return Value(self.builder, self.builder.gep(self.value, [self._other(other, INTEGER)]))
        return self._apply("fadd", "add", other)

    def __sub__(self, other: "Value | float") -> "Value":
        return self._apply("fsub", "sub", other)

    def __mul__(self, other: "Value | float") -> "Value":
        return self._apply("fmul", "mul", other)

    def __truediv__(self, other: "Value | float") -> "Value":
        return self._apply("fdiv", "sdiv", other)

    def clamp(self, limit: float) -> "Value":
        """Limit a vector to [-limit, limit]; a NaN stays a NaN."""
        value = self.value
        for beyond, bound in ((">", limit), ("<", -limit)):
            end = self._other(bound, VECTOR)
            outside = self.builder.fcmp_ordered(beyond, value, end)  # false for a NaN
            value = self.builder.select(outside, end, value)
        return Value(self.builder, value)

    def _apply(self, of_vectors: str, of_integers: str, other: "Value | float") -> "Value":
        kind = self.value.type
        operation = getattr(self.builder, of_vectors if kind == VECTOR else of_integers)
        return Value(self.builder, operation(self.value, self._other(other, kind)))

    def _other(self, other: "Value | float", kind: LLVM) -> LLVM:
        if isinstance(other, Value):
            return other.value
        return ir.Constant(kind, [other] * LANES if kind == VECTOR else other)


class Variable:
    """A vector that changes, in a register."""

    def __init__(self, code: "Code", start: Value) -> None:
        self.code = code
        with code.builder.goto_entry_block():
            self.place = code.builder.alloca(VECTOR)
        self.set(start)

    def get(self) -> Value:
        """Return the present value."""
        return self.code.wrap(self.code.builder.load(self.place))

    def set(self, value: Value) -> None:
        """Change the value."""
        self.code.builder.store(value.value, self.place)


class Code:
    """A function that is being written.

    Parameters
    ----------
    name : of the function
    integers, pointers : the names of its arguments, in this order
    """

    def __init__(self, name: str, integers: Sequence[str], pointers: Sequence[str]) -> None:
        module = ir.Module()
        kinds = [INTEGER] * len(integers) + [POINTER] * len(pointers)
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
        entry, body = (function.append_basic_block(one) for one in ("entry", "body"))
        self.name = name
        self.builder = ir.IRBuilder(entry)
        self.builder.branch(body)
        self.builder.position_at_end(body)
        values = map(self.wrap, function.args)
        self.arguments = dict(zip((*integers, *pointers), values, strict=True))
        self.multiplies_bytes = binding.get_host_cpu_features().get("avx512vnni", False)

    def wrap(self, value: LLVM) -> Value:
        """Return a value of LLVM with the arithmetic of Python."""
        return Value(self.builder, value)

    @contextmanager
    def loop(self, start: Value | int, stop: Value, step: int = 1) -> Iterator[Value]:
        """Repeat what is written inside for start, start + step, ... below `stop`."""
        build = self.builder
        head, body, end = (build.append_basic_block(name) for name in ("head", "body", "end"))
        first = start.value if isinstance(start, Value) else INTEGER(start)
        before = build.block
        build.branch(head)
        build.position_at_end(head)
        counter = build.phi(INTEGER)
        counter.add_incoming(first, before)
        build.cbranch(build.icmp_signed("<", counter, stop.value), body, end)
        build.position_at_end(body)
        yield self.wrap(counter)
        counter.add_incoming(build.add(counter, INTEGER(step)), build.block)
        build.branch(head)
        build.position_at_end(end)

    def call(self, name: str, integers: Sequence[Value], pointers: Sequence[Value]) -> None:
        """Call a function that `compiled` has returned, by its name."""
        values = [one.value for one in (*integers, *pointers)]
        kind = ir.FunctionType(ir.VoidType(), [one.type for one in values])
        module = self.builder.module
        known = name in module.globals
        function = module.get_global(name) if known else ir.Function(module, kind, name)
        self.builder.call(function, values)

    def either(self, number: Value, zero: Value, other: Value) -> Value:
        """Return `zero` where an integer is 0, else `other`."""
        is_zero = self.builder.icmp_signed("==", number.value, INTEGER(0))
        return self.wrap(self.builder.select(is_zero, zero.value, other.value))

    def below(self, number: Value, limit: Value) -> Value:
        """Return an integer from 0 on and below `limit`; limit - 1 in place of any other."""
        inside = self.builder.icmp_unsigned("<", number.value, limit.value)
        return self.wrap(self.builder.select(inside, number.value, (limit - 1).value))

    def integer_at(self, pointer: Value) -> Value:
        """Load an integer from where a pointer points to."""
        place = self.builder.bitcast(pointer.value, INTEGER.as_pointer())
        return self.wrap(self.builder.load(place))

    def address(self, integer: Value) -> Value:
        """Return the pointer to an address."""
        return self.wrap(self.builder.inttoptr(integer.value, POINTER))

    def load(self, pointer: Value) -> Value:
        """Load a vector."""
        return self.wrap(self.builder.load(self._vector(pointer), align=4))

    def store(self, vector: Value, pointer: Value) -> None:
        """Store a vector."""
        self.builder.store(vector.value, self._vector(pointer), align=4)

    def spread(self, pointer: Value) -> Value:
        """Load one float into every lane of a vector."""
        return self._spread(self.builder.load(pointer.value))

    def _spread(self, value: LLVM) -> Value:
        undefined = ir.Constant(VECTOR, ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.IntType(32)(0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return self.wrap(self.builder.shuffle_vector(first, undefined, lanes))

    def multiply_add(self, left: Value, right: Value, added: Value) -> Value:
        """Return left * right + added, rounded once."""
        return self._intrinsic("llvm.fma", VECTOR, left, right, added)

    def larger_size(self, left: Value, right: Value) -> Value:
        """Return the larger of left and |right| in each lane; NaN where either is."""
        size = self._intrinsic("llvm.fabs", VECTOR, right)
        return self._intrinsic("llvm.maximum", VECTOR, left, size)

    def largest(self, vector: Value) -> Value:
        """Return a vector whose lanes all are the largest of the given ones; NaN if one is."""
        kind = ir.FunctionType(FLOAT, [VECTOR])
        name = f"llvm.vector.reduce.fmaximum.v{LANES}f32"
        reduce = self.builder.module.declare_intrinsic(name, fnty=kind)
        return self._spread(self.builder.call(reduce, [vector.value]))

    def room(self, floats: Value) -> Value:
        """Return memory that lasts as long as the call; to be asked for outside of loops."""
        return self.wrap(self.builder.alloca(FLOAT, floats.value))

    def vector(self, number: float) -> Value:
        """Return a vector with the same number in every lane."""
        return self.wrap(ir.Constant(VECTOR, [number] * LANES))

    def smaller(self, number: Value, limit: int) -> Value:
        """Return the smaller of two integers."""
        below = self.builder.icmp_signed("<", number.value, INTEGER(limit))
        return self.wrap(self.builder.select(below, number.value, INTEGER(limit)))

    def store_first(self, vector: Value, pointer: Value) -> None:
        """Store the float of the first lane."""
        first = self.builder.extract_element(vector.value, ir.IntType(32)(0))
        self.builder.store(first, pointer.value)

    def store_byte(self, vector: Value, number: int, pointer: Value) -> None:
        """Store one byte of each lane, 0 the lowest; they take the place of LANES / 4 floats."""
        words = self.builder.bitcast(vector.value, WORDS)
        moved = self.builder.lshr(words, ir.Constant(WORDS, [8 * number] * LANES))
        place = self.builder.bitcast(pointer.value, BYTES.as_pointer())
        self.builder.store(self.builder.trunc(moved, BYTES), place, align=1)

    def multiply_add_bytes(self, left: Value, right: Value, added: Value) -> Value:
        """Return added + the sum of the products of four bytes, in each lane as integers.

        The bytes of `left` count from 0, those of `right` have a sign. One instruction where the
        CPU has it; the same integers elsewhere.
        """
        values = [self.builder.bitcast(one.value, WORDS) for one in (added, left, right)]
        if self.multiplies_bytes:
            kind = ir.FunctionType(WORDS, [WORDS] * 3)
            name = "llvm.x86.avx512.vpdpbusd.512"
            dot = self.builder.module.declare_intrinsic(name, fnty=kind)
            return self._floats(self.builder.call(dot, values))
        total, unsigned, signed = values
        for low in (24, 16, 8, 0):
            down, up = (ir.Constant(WORDS, [shift] * LANES) for shift in (24, low))
            one = self.builder.lshr(self.builder.shl(unsigned, up), down)
            other = self.builder.ashr(self.builder.shl(signed, up), down)
            total = self.builder.add(total, self.builder.mul(one, other))
        return self._floats(total)

    def from_integers(self, vector: Value) -> Value:
        """Convert the integers in the lanes to floats."""
        words = self.builder.bitcast(vector.value, WORDS)
        return self.wrap(self.builder.sitofp(words, VECTOR))

    def _floats(self, words: LLVM) -> Value:
        return self.wrap(self.builder.bitcast(words, VECTOR))

    def _intrinsic(self, name: str, kind: LLVM, *arguments: Value) -> Value:
        takes = ir.FunctionType(kind, [kind] * len(arguments))
        module = self.builder.module
        function = module.declare_intrinsic(f"{name}.v{LANES}f32", fnty=takes)
        return self.wrap(self.builder.call(function, [one.value for one in arguments]))

    def _vector(self, pointer: Value) -> LLVM:
        return self.builder.bitcast(pointer.value, VECTOR.as_pointer())


def compiled(code: Code) -> Callable[..., None]:
    """Compile a function for this CPU.

    It takes Python integers, for a pointer the address, and runs without Python's global lock.
    """
    code.builder.ret_void()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=2,
    )
    module = binding.parse_assembly(str(code.builder.module))
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    passes = binding.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    address = engine.get_function_address(code.name)
    binding.add_symbol(code.name, address)  # for `Code.call`
    kinds = [
        ctypes.c_void_p if one.value.type == POINTER else ctypes.c_int64
        for one in code.arguments.values()
    ]
    call: Any = ctypes.CFUNCTYPE(None, *kinds)(address)
    call.engine = engine  # owns the code
    function: Callable[..., None] = call
    return function
