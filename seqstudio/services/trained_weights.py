"""The weights that a training changes and a bundle stores: all of a model's, or an adapter's."""

from collections.abc import Mapping

from torch import Tensor, nn

from seqstudio.contracts.data import stable_seed
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.adapters import LowRank
from seqstudio.services.bundle_files import TASK_BUFFERS


class TrainedWeights:
    """The weights in training, by the names under which checkpoints and bundles store them.

    With `adapter=lowrank` these are the factors (Hu et al. 2021), with `adapter=bias` the vectors
    of the module (Ben Zaken et al. 2022, "BitFit"); with both, also everything that the base model
    lacks, and the task's buffers. Without an adapter it is the whole module.

    Parameters
    ----------
    module : to be trained; with an adapter it has the weights of its base
    config : of the training
    base : the base's weights that fit the module; only an adapter needs them
    """

    def __init__(
        self, module: nn.Module, config: TrainConfig, base: Mapping[str, Tensor] | None = None
    ) -> None:
        self.module = module
        self.base = dict(base or {}) if config.adapter != "none" else {}
        self.adapter: LowRank | None = None
        if config.adapter != "none":
            self._freeze(biases=config.adapter == "bias")
        if config.adapter == "lowrank":
            named = module.named_parameters()
            matrices = [name for name, p in named if p.ndim == 2 and name in self.base]
            seed = stable_seed(config.seed, "adapter")
            self.adapter = LowRank(module, matrices, config.adapter_rank, seed)
            self._require_gradients(matrices)

    def _freeze(self, *, biases: bool) -> None:
        for name, parameter in self.module.named_parameters():
            of_base = name in self.base
            parameter.requires_grad_(not of_base or (biases and parameter.ndim <= 1))

    def _require_gradients(self, names: list[str]) -> None:
        for name in names:
            self.module.get_parameter(name).requires_grad_()

    def parameters(self) -> list[nn.Parameter]:
        """Return what the optimiser updates."""
        factors = self.adapter.factors if self.adapter else {}
        own = [
            parameter
            for name, parameter in self.module.named_parameters()
            if parameter.requires_grad and not (self.adapter and name in self.base)
        ]
        return [*own, *factors.values()]

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors themselves, on the model's device."""
        factors = self.adapter.factors if self.adapter else {}
        trained = {id(parameter) for parameter in self.parameters()}
        named = dict(self.module.named_parameters())
        kept = {
            name: tensor
            for name, tensor in self.module.state_dict().items()
            if not self.base or name.startswith(TASK_BUFFERS) or id(named.get(name)) in trained
        }
        return {**kept, **{name: factor.detach() for name, factor in factors.items()}}

    def state(self) -> dict[str, Tensor]:
        """Return a copy of the tensors, on the CPU."""
        return copy_to_cpu(self.tensors())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Set the tensors to those of a state."""
        for name, tensor in self.tensors().items():
            tensor.copy_(state[name])
        if self.adapter:
            self.adapter.write()


def copy_to_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a copy of tensors, on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}
