"""The machines of a training, as torchrun's usual environment variables name them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from seqstudio.errors import ConfigError

LOOPBACK = "lo" if sys.platform == "linux" else "lo0"  # name of the interface
DEFAULT_PORT = 29500  # torchrun's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """How many machines train together, which of them this is, and where the first one listens."""

    count: int = 1
    rank: int = 0
    address: str = ""
    port: int = DEFAULT_PORT

    def options(self) -> list[str]:
        """Return the options of torchrun. A machine alone listens at a free port of loopback."""
        if self.count == 1:
            return ["--rdzv-backend=loopback", "--rdzv-endpoint=127.0.0.1:0", "--rdzv-id=training"]
        return [
            f"--nnodes={self.count}",
            f"--node-rank={self.rank}",
            f"--master-addr={self.address}",
            f"--master-port={self.port}",
        ]

    def environment(self) -> dict[str, str]:
        """Return variables that keep the connections of a machine alone inside it."""
        if self.count > 1:
            return {}
        return {"GLOO_SOCKET_IFNAME": LOOPBACK, "NCCL_SOCKET_IFNAME": LOOPBACK}


def read_nodes(environment: Mapping[str, str]) -> Nodes:
    """Read NNODES, NODE_RANK, MASTER_ADDR and MASTER_PORT.

    Raises
    ------
    ConfigError
        If one is missing or out of range.

    >>> read_nodes({"NNODES": "2", "NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1"}).options()[1]
    '--node-rank=1'
    """
    count = _number(environment, "NNODES", 1, 1, 10_000)
    if count == 1:
        return Nodes()
    if not (address := environment.get("MASTER_ADDR", "")):
        raise ConfigError(f"NNODES={count} without MASTER_ADDR, expected the first node's address")
    return Nodes(
        count=count,
        rank=_number(environment, "NODE_RANK", None, 0, count - 1),
        address=address,
        port=_number(environment, "MASTER_PORT", DEFAULT_PORT, 1, 65_535),
    )


def _number(
    environment: Mapping[str, str], name: str, default: int | None, low: int, high: int
) -> int:
    text = environment.get(name, "" if default is None else str(default))
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name}={text!r}, expected a number from {low} to {high}")
    return int(text)
