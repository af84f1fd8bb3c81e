"""What ten million recordings would take: a plan in figures, from those that were measured.

Run `python benchmarks/scale_simulation.py`. The rate of the job database is measured when it runs;
the others are arguments, and docs/scale.md says which of their defaults are measured and which are
assumed. Prices are assumptions. The failures of nodes are simulated for each shard, with seeds.
"""

import argparse
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from seqstudio.contracts.messages import ItemResult
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.queue import Jobs, NewJob
from seqstudio.host.processes import owner_name


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Figures of one machine; docs/scale.md says where each is from."""

    times_real_time: float  # of one core
    posteriors_mb_per_hour: float
    transcript_mb_per_hour: float
    stores_per_second: float  # items that one job database finishes
    search_s_per_hour: float  # of one core, for one keyword


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An archive and a cluster."""

    files: int
    seconds_per_file: float
    nodes: int
    cores: int  # of each node
    node_failures_per_day: float
    core_hour_price: float
    audio_mb_per_hour: float

    @property
    def hours(self) -> float:
        """Hours of audio."""
        return self.files * self.seconds_per_file / 3600


def days_of_one_shard(plan: Plan, measured: Measured, shard: int, seed: int) -> tuple[float, int]:
    """Simulate a driver with one shard on one node; return days, and items that ran twice.

    Each core runs item after item. When the node fails, the items on it begin again on the next,
    two minutes later.
    """
    draws = random.Random(seed)
    rate = plan.node_failures_per_day / 86400
    item_s = plan.seconds_per_file / measured.times_real_time
    left, clock_s, again = shard, 0.0, 0
    while left > 0:
        until_failure_s = draws.expovariate(rate) if rate else float("inf")
        needed_s = -(-left // plan.cores) * item_s
        if needed_s <= until_failure_s:
            return (clock_s + needed_s) / 86400, again
        left -= int(until_failure_s // item_s) * plan.cores
        again += min(plan.cores, left)
        clock_s += until_failure_s + 120
    return clock_s / 86400, again


def stores_per_second(items: int = 300) -> float:
    """Measure how many items one job database claims and finishes in a second, here and now."""
    with tempfile.TemporaryDirectory() as folder:
        database, owner = Path(folder, "jobs.sqlite"), owner_name(os.getpid())
        rows = [
            ItemRow(number=n, batch=n, name=str(n), take=0, seed=0, inputs={}, targets={})
            for n in range(1, items + 1)
        ]
        new = NewJob(
            identity="", plugin="p", verb="operation", name="n", spec="{}", seed=0, owner=owner
        )
        job = Jobs(database).add(new, lambda _: rows)
        lease = Lease(database, job, owner)
        began_s = time.perf_counter()
        for _ in rows:
            (item,) = lease.claim()
            result = ItemResult(item=item.number)
            lease.finish_item(item, result, fingerprint=item.name, finished=(), staged={})
        seconds = time.perf_counter() - began_s
        lease.close()
    return items / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000_000)
    parser.add_argument("--seconds-per-file", type=float, default=300)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--cores", type=int, default=16)
    parser.add_argument("--node-failures-per-day", type=float, default=0.05)
    parser.add_argument("--core-hour-price", type=float, default=0.04)
    parser.add_argument("--audio-mb-per-hour", type=float, default=60)
    parser.add_argument("--times-real-time", type=float, default=29)
    parser.add_argument("--posteriors-mb-per-hour", type=float, default=6.1)
    parser.add_argument("--transcript-mb-per-hour", type=float, default=1.5)
    parser.add_argument("--search-s-per-hour", type=float, default=0.2)
    values = vars(parser.parse_args())
    rates = {name: values.pop(name) for name in Measured.__annotations__ if name in values}
    measured = Measured(**rates, stores_per_second=stores_per_second())
    plan = Plan(**values)
    shard = -(-plan.files // plan.nodes)
    runs = [days_of_one_shard(plan, measured, shard, seed) for seed in range(plan.nodes)]
    days, again = [one for one, _ in runs], sum(count for _, count in runs)
    core_hours = plan.hours / measured.times_real_time
    finished_per_s = plan.nodes * plan.cores * measured.times_real_time / plan.seconds_per_file
    cluster = f"{plan.nodes} nodes of {plan.cores} cores"
    print(f"{plan.files:,} files, {plan.hours:,.0f} hours of audio, {cluster}")
    print(f"shards: {plan.nodes} of {shard:,} items, a job database each")
    print(f"days: median {median(days):.1f}, slowest shard {max(days):.1f}, mean {mean(days):.1f}")
    print(f"items that ran twice after failures of nodes: {again:,} of {plan.files:,}")
    print(
        f"items finished a second: {finished_per_s:,.0f} in all, {finished_per_s / plan.nodes:.1f} "
        f"a database, which takes {measured.stores_per_second:.0f}; one for all would need "
        f"{finished_per_s / measured.stores_per_second:.1f} times that"
    )
    cost = 1000 / measured.times_real_time * plan.core_hour_price
    print(f"core-hours {core_hours:,.0f}; a thousand hours of audio cost {cost:.2f}")
    for name, rate in (
        ("audio", plan.audio_mb_per_hour),
        ("posteriors", measured.posteriors_mb_per_hour),
        ("transcripts", measured.transcript_mb_per_hour),
    ):
        print(f"{name}: {plan.hours * rate / 1e6:,.1f} TB")
    searched_s = plan.hours * measured.search_s_per_hour / (plan.nodes * plan.cores)
    print(f"one keyword in all posteriors: {searched_s / 60:.1f} minutes on the cluster")


if __name__ == "__main__":
    main()
