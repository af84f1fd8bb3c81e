import pytest

from seqstudio.contracts.task import TrainConfig
from seqstudio.services.batching import plan_epoch, steps_per_epoch

LENGTHS = [3 + 7 * number % 31 for number in range(50)]


def flat(plan: list[list[tuple[int, ...]]]) -> list[int]:
    return [index for step in plan for batch in step for index in batch]


@pytest.mark.parametrize("accumulate", [1, 3])
def test_every_example_appears_once_per_epoch(accumulate: int) -> None:
    config = TrainConfig(batch_size=4, accumulate=accumulate)
    plan = plan_epoch(LENGTHS, config, epoch=2)

    assert sorted(flat(plan)) == list(range(50))
    assert len(plan) == steps_per_epoch(50, config)


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return flat(plan_epoch(LENGTHS, TrainConfig(seed=seed), epoch))

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)


def test_buckets_group_similar_lengths() -> None:
    def padding(bucket: int) -> int:
        batches = plan_epoch(LENGTHS, TrainConfig(batch_size=5, bucket=bucket), 0)
        rows = [[LENGTHS[at] for at in batch] for step in batches for batch in step]
        return sum(max(row) * len(row) - sum(row) for row in rows)

    assert padding(10) < padding(1) / 3
