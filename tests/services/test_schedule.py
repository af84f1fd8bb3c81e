import pytest

from seqstudio.contracts.task import TrainConfig
from seqstudio.services.schedule import evaluations_since_best, learning_rate


def rates(schedule: str, *, warmup: float = 0.0) -> list[float]:
    config = TrainConfig(schedule=schedule, warmup=warmup, learning_rate=1.0)  # type: ignore[arg-type]
    return [learning_rate(config, step, 100) for step in range(1, 101)]


def test_warm_up_is_linear() -> None:
    assert rates("constant", warmup=0.1)[:11] == pytest.approx([n / 10 for n in range(1, 11)] + [1])


def test_cosine_falls_to_almost_zero() -> None:
    curve = rates("cosine", warmup=0.1)

    assert curve[10] == 1.0
    assert curve[55] == pytest.approx(0.5)
    assert curve[-1] < 0.001
    assert curve[10:] == sorted(curve[10:], reverse=True)


def test_one_cycle_rises_and_falls_once() -> None:
    curve = rates("onecycle")
    top = curve.index(max(curve))

    assert 28 <= top <= 32
    assert max(curve) == pytest.approx(1.0, abs=0.01)
    assert curve[:top] == sorted(curve[:top])
    assert curve[top:] == sorted(curve[top:], reverse=True)
    assert 0 < curve[-1] < 0.001


def test_plateau_halves_the_rate_after_two_evaluations_without_improvement() -> None:
    config = TrainConfig(schedule="plateau", warmup=0.0, learning_rate=1.0)
    improved = [True, True, False, False, True, False]
    curve = [learning_rate(config, 50, 100, improved[:count]) for count in range(7)]

    assert curve == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5]


def test_patience_counts_from_the_last_improvement() -> None:
    assert evaluations_since_best([]) == 0
    assert evaluations_since_best([True]) == 0
    assert evaluations_since_best([True, True, False, False]) == 2
