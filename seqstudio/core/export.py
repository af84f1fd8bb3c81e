"""Encoders as ONNX, for other programs and for int8; needs the extra `onnx`.

The graph is written node by node from a model's modules, so that each recurrent layer is one node,
which knows the length of every item. A traced graph would not keep the lengths.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqstudio.core.cells import GRUCell, LSTMCell, RecurrentCell, TanhCell
from seqstudio.core.encoder import Encoder
from seqstudio.core.front_end import ConvolvedFrames, EmbeddedTokens, StackedFrames
from seqstudio.core.heads import CTCHead
from seqstudio.core.model import SequenceModel
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.core.stack import RecurrentStack
from seqstudio.errors import ConfigError

OPSET = 17  # the first with LayerNormalization
IR_VERSION = 9
# Each cell's ONNX operator, and the order of its gates there as indices into torch's order.
OPERATORS: dict[type[RecurrentCell], tuple[str, tuple[int, ...]]] = {
    LSTMCell: ("LSTM", (0, 3, 1, 2)),
    GRUCell: ("GRU", (1, 0, 2)),
    TanhCell: ("RNN", (0,)),
}


def to_onnx(model: SequenceModel, head: str = "") -> bytes:
    """Write the encoder of a model, with its source and perhaps a CTC head, as an ONNX file.

    Its inputs are `inputs`, (B, T, F) float32 or (B, T) int64 tokens, and `lengths`, (B,) int64,
    1 to T. Its outputs are `output`, (B, T', V) float32 log-probabilities, or without a head
    (B, T', D), zero past each length; and `output_lengths`, (B,) int64. B and T are free.

    Parameters
    ----------
    model : with an encoder
    head : the name of a CTC head; "" for the output of the encoder

    Raises
    ------
    ConfigError
        If the extra is not installed, or the model has a part that cannot be exported.
    """
    model.require("encoder")
    graph = _Graph()
    frames, lengths = _source(graph, model.source)
    encoded = graph.mask(_encoder(graph, model.encoder, frames, lengths), lengths)
    output = _head(graph, model.head(head), encoded) if head else encoded
    of_tokens = isinstance(model.source, EmbeddedTokens)
    return graph.file(None if of_tokens else model.source.features, output, lengths)


def quantize_onnx(file: bytes) -> bytes:
    """Return an ONNX file with int8 weights; inputs of products are quantised as they come.

    LSTM layers and heads become int8; ONNX Runtime has no int8 operator for other recurrent layers.

    Raises
    ------
    ConfigError
        If the extra is not installed.
    """
    _import_onnx()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        before, after = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(file)
        quantize_dynamic(before, after, weight_type=QuantType.QInt8)
        return after.read_bytes()


def _import_onnx() -> Any:
    try:
        import onnx
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"{error}, expected the extra: pip install seqstudio[onnx]") from error
    return onnx


class _Graph:
    """The nodes and constants of an ONNX graph; each value is known by its name."""

    def __init__(self) -> None:
        self.onnx = _import_onnx()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        name = f"{operator}_{len(self.nodes)}"
        node = self.onnx.helper.make_node(operator, inputs, [name], name=name, **attributes)
        self.nodes.append(node)
        return name

    def constant(self, value: Tensor | Sequence[int] | float) -> str:
        """Add a tensor; a sequence is int64, a single number float32."""
        if isinstance(value, Tensor):
            array = value.detach().cpu().contiguous().numpy()
        else:
            array = np.asarray(value, dtype=np.float32 if isinstance(value, float) else np.int64)
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def mask(self, frames: str, lengths: str) -> str:
        """Return (B, T, F) float frames with zeros past each length."""
        inside = self.node("Unsqueeze", self.inside(frames, lengths), self.constant([2]))
        return self.node("Where", inside, frames, self.constant(0.0))

    def inside(self, frames: str, lengths: str) -> str:
        """Return a (B, T) bool mask of the frames within each length."""
        steps = self.node("Range", self.scalar(0), self.steps(frames), self.scalar(1))
        return self.node("Less", steps, self.node("Unsqueeze", lengths, self.constant([1])))

    def steps(self, frames: str) -> str:
        """Return the scalar T of (B, T, ...) frames."""
        shape = self.node("Shape", frames, start=1, end=2)
        return self.node("Squeeze", shape, self.constant([0]))

    def scalar(self, value: int) -> str:
        return self.constant(torch.tensor(value))

    def file(self, features: int | None, output: str, lengths: str) -> bytes:
        """Return the file of a graph; `features` is None if its inputs are tokens."""
        make, types = self.onnx.helper, self.onnx.TensorProto
        for name, value in (("output", output), ("output_lengths", lengths)):
            self.nodes.append(make.make_node("Identity", [value], [name], name=name))
        kind, shape = (types.INT64, []) if features is None else (types.FLOAT, [features])
        inputs = [
            make.make_tensor_value_info("inputs", kind, ["B", "T", *shape]),
            make.make_tensor_value_info("lengths", types.INT64, ["B"]),
        ]
        outputs = [
            make.make_tensor_value_info("output", types.FLOAT, ["B", None, None]),
            make.make_tensor_value_info("output_lengths", types.INT64, ["B"]),
        ]
        graph = make.make_graph(self.nodes, "encoder", inputs, outputs, self.constants)
        opset = make.make_opsetid("", OPSET)
        file = make.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        self.onnx.checker.check_model(file, full_check=True)
        return bytes(file.SerializeToString())


def _source(graph: _Graph, source: nn.Module) -> tuple[str, str]:
    """Return the (B, T, width) frames that the encoder reads, and their (B,) lengths."""
    frames, lengths = "inputs", "lengths"
    if isinstance(source, EmbeddedTokens):
        tokens = graph.node("Where", graph.inside(frames, lengths), frames, graph.scalar(0))
        return graph.node("Gather", graph.constant(source.embedding.weight), tokens), lengths
    if isinstance(source, StackedFrames):
        return _stacked(graph, source)
    if not isinstance(source, ConvolvedFrames):
        raise ConfigError(f"source {type(source).__name__} in ONNX, expected frames or tokens")
    for convolution in source.convolutions:
        weights = [graph.constant(convolution.get_parameter(name)) for name in ("weight", "bias")]
        by_channel = graph.node("Transpose", graph.mask(frames, lengths), perm=[0, 2, 1])
        convolved = graph.node("Conv", by_channel, *weights, strides=[2], pads=[1, 1])
        frames = graph.node("Transpose", graph.node("Relu", convolved), perm=[0, 2, 1])
        lengths = _divided(graph, lengths, 2)
    return frames, lengths


def _stacked(graph: _Graph, source: StackedFrames) -> tuple[str, str]:
    stride = source.geometry.stride
    frames = graph.mask("inputs", "lengths")
    steps = graph.node("Neg", graph.steps(frames))
    missing = graph.node("Mod", steps, graph.scalar(stride))  # 0 or more, unlike a remainder in C
    missing = graph.node("Unsqueeze", missing, graph.constant([0]))
    pads = graph.node("Concat", graph.constant([0] * 4), missing, graph.constant([0]), axis=0)
    whole = graph.node("Pad", frames, pads)
    shape = graph.constant([0, -1, source.width])  # 0: as it is
    return graph.node("Reshape", whole, shape), _divided(graph, "lengths", stride)


def _divided(graph: _Graph, lengths: str, stride: int) -> str:
    """Return lengths divided by the stride, rounded up."""
    raised = graph.node("Add", lengths, graph.scalar(stride - 1))
    return graph.node("Div", raised, graph.scalar(stride))


def _encoder(graph: _Graph, encoder: nn.Module, frames: str, lengths: str) -> str:
    """Return the (B, T, D) output of the encoder, arbitrary past each length."""
    if type(encoder) is not Encoder:
        raise ConfigError(f"encoder {type(encoder).__name__} in ONNX, expected a recurrent one")
    counts = graph.node("Cast", lengths, to=graph.onnx.TensorProto.INT32)
    passed = graph.node("Transpose", frames, perm=[1, 0, 2])  # ONNX has the time first
    for number, layer in enumerate(encoder.layers):
        output = _recurrent(graph, layer, passed, counts)
        passed = _passed_on(graph, encoder, number, output, passed)
    return graph.node("Transpose", passed, perm=[1, 0, 2])


def _recurrent(graph: _Graph, layer: nn.Module, frames: str, counts: str) -> str:
    """Return the (T, B, D) outputs of a layer in one or both directions, as one node."""
    one_way = isinstance(layer, RecurrentLayer)
    directions: list[Any] = [layer] if one_way else [layer.forward_rnn, layer.backward_rnn]
    cell = directions[0].cell
    if type(cell) not in OPERATORS:
        raise ConfigError(f"cell {type(cell).__name__} in ONNX, expected lstm, gru or tanh")
    operator, order = OPERATORS[type(cell)]
    weights = [[*each.weights("ih"), *each.weights("hh")] for each in directions]
    ordered = [[_in_order(tensor, order) for tensor in each] for each in weights]
    inputs = [graph.constant(torch.stack([each[at] for each in ordered])) for at in (0, 2)]
    biases = graph.constant(torch.stack([torch.cat([each[1], each[3]]) for each in ordered]))
    options = {"linear_before_reset": 1} if operator == "GRU" else {}
    output = graph.node(
        operator,
        frames,
        *inputs,
        biases,
        counts,
        hidden_size=directions[0].hidden,
        direction="forward" if one_way else "bidirectional",
        **options,
    )
    by_item = graph.node("Transpose", output, perm=[0, 2, 1, 3])  # (T, B, directions, H)
    return graph.node("Reshape", by_item, graph.constant([0, 0, -1]))


def _in_order(tensor: Tensor, order: Sequence[int]) -> Tensor:
    """Reorder the gates of a weight or bias."""
    blocks = tensor.detach().chunk(len(order))
    return torch.cat([blocks[gate] for gate in order])


def _passed_on(
    graph: _Graph, stack: RecurrentStack, number: int, output: str, passed_below: str
) -> str:
    """Do what `RecurrentStack.passed_on` does."""
    if stack.residual and number > 0:
        output = graph.node("Add", output, passed_below)
    if not len(stack.norms):
        return output
    norm: Any = stack.norms[number]
    weights = [graph.constant(tensor) for tensor in (norm.weight, norm.bias)]
    return graph.node("LayerNormalization", output, *weights, epsilon=norm.eps)


def _head(graph: _Graph, head: nn.Module, encoded: str) -> str:
    """Return the (B, T', V) log-probabilities of a CTC head."""
    if not isinstance(head, CTCHead):
        raise ConfigError(f"head {type(head).__name__} in ONNX, expected a CTC head")
    product = graph.node("MatMul", encoded, graph.constant(head.output.weight.T))
    logits = graph.node("Add", product, graph.constant(head.output.bias))
    return graph.node("LogSoftmax", logits, axis=-1)
