import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kit.backbone import EfficientNetLite0  # noqa: E402
from kit.finetune import Schedule, adapt_norms, draw_evenly, finetune, freeze  # noqa: E402


def trained(rounds: int = 2) -> tuple[dict, dict, dict, list[int]]:
    """Weights before, after, and of the average handed on last; and the rounds that were handed on."""
    torch.manual_seed(0)
    network, seen = EfficientNetLite0(), []
    freeze(network, 3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    averages: list[dict] = []

    def after_round(round_: int, average) -> None:
        seen.append(round_)
        averages.append({name: value.clone() for name, value in average.state_dict().items()})

    def batches_of(round_: int):
        return [(torch.randn(2, 3, 32, 32),) for _ in range(2)]

    schedule = Schedule(rounds, per_round=2, rate=1e-3, decay=0.01, averaging=0.9)
    finetune(network, batches_of, lambda batch: network(batch[0]).square().mean(), schedule, after_round)
    return before, network.state_dict(), averages[-1], seen


def test_what_is_frozen_and_the_norms_statistics_stay() -> None:
    before, after, _, _ = trained()
    kept = [
        name
        for name in before
        if name.startswith(("_conv_stem", "_bn0", "_blocks.0.", "_blocks.2.")) or "running" in name
    ]
    assert all(torch.equal(before[name], after[name]) for name in kept)
    assert not torch.equal(before["_conv_head.weight"], after["_conv_head.weight"])


def test_each_round_hands_on_an_average_that_lags_behind() -> None:
    before, after, average, seen = trained()
    head = "_conv_head.weight"
    assert seen == [1, 2]
    assert 0 < (average[head] - before[head]).norm() < (after[head] - before[head]).norm()


def test_norms_take_the_statistics_of_the_batches_they_are_shown() -> None:
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(1, momentum=0.01))
    adapt_norms(network, [(torch.full((4, 1, 2, 2), level),) for level in (10.0, 20.0, 90.0)], count=2)
    assert float(network[0].running_mean) == pytest.approx(15) and network[0].momentum == 0.01


def test_norms_of_what_is_frozen_keep_their_statistics() -> None:
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(1), torch.nn.BatchNorm2d(1))
    network[0].requires_grad_(False)
    network[0].running_mean.fill_(5)
    adapt_norms(network, [(torch.full((4, 1, 2, 2), 15.0),)])
    assert float(network[0].running_mean) == 5 and float(network[1].running_mean) == pytest.approx(10, abs=1e-3)


def test_rows_are_drawn_each_as_often_as_any_other_give_or_take_one() -> None:
    drawn = draw_evenly(np.array([3, 5, 7]), 8, np.random.default_rng(0))
    assert sorted(np.unique_counts(drawn).counts) == [2, 3, 3] and set(drawn) == {3, 5, 7}
