import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kit.backbone import EfficientNetLite0, fold_norms  # noqa: E402
from kit.explanation.shuffled import shuffled  # noqa: E402
from kit.gates.fitting import fit_gates  # noqa: E402
from kit.gates.measures import manner, spread_of  # noqa: E402
from kit.gates.poses import POSES  # noqa: E402
from kit.gates.scores import NINTHS, Gates, load_gates  # noqa: E402

MARGIN = 8


def grey(*images: np.ndarray) -> "torch.Tensor":
    return torch.from_numpy(np.stack(images)[:, None]).float()


@pytest.fixture(scope="module")
def gates() -> Gates:
    """Fitted to features that are noise, with one that is raised in each pose."""
    torch.manual_seed(0)
    fitted, views = Gates(MARGIN), torch.randn(300, NINTHS)
    posed = [torch.randn(60, NINTHS) + 4 * (torch.arange(NINTHS) == place) for place in range(len(POSES))]
    fit_gates(fitted, views, torch.rand(300, 6), posed)
    return fitted.eval()


def scores(gates: Gates, image: np.ndarray) -> dict[str, float]:
    with torch.no_grad():
        found = gates(grey(image), torch.zeros(1, NINTHS // 9, 6, 6))
    return {name: float(score) for name, score in found._asdict().items()}


def test_each_measure_is_high_for_its_fault(gates: Gates) -> None:
    rng = np.random.default_rng(0)
    plain = scores(gates, rng.normal(120, 30, (64, 64)))
    assert scores(gates, np.full((64, 64), 90.0))["contrast_lack"] > 0.99 > plain["contrast_lack"]
    assert scores(gates, np.repeat([0.0, 255.0], 2048).reshape(64, 64))["flatness"] > 0.9 > plain["flatness"]
    assert scores(gates, np.linspace(0, 255, 64 * 64).reshape(64, 64))["softness"] > plain["softness"]
    assert scores(gates, np.linspace(0, 255, 64 * 64).reshape(64, 64))["grain"] < plain["grain"]


def test_a_pose_is_told_by_the_features_of_it(gates: Gates) -> None:
    with torch.no_grad():
        told = gates.pose(4.0 * torch.eye(NINTHS)[: len(POSES)]).argmax(1)
    assert told.tolist() == list(range(len(POSES)))


def test_what_lies_off_the_train_part_is_further_away(gates: Gates) -> None:
    with torch.no_grad():
        near, far = gates.distance(torch.randn(20, NINTHS)), gates.distance(3 * torch.randn(20, NINTHS))
    assert far.min() > near.max()


def test_fitted_gates_are_kept_in_a_file(gates: Gates, tmp_path) -> None:
    torch.save(gates.state_dict(), tmp_path / "gates.pt")
    image = np.random.default_rng(1).normal(120, 30, (64, 64))
    assert scores(load_gates(tmp_path / "gates.pt", MARGIN), image) == scores(gates, image)


def test_the_margin_is_not_measured() -> None:
    framed = np.full((64, 64), 120.0)
    framed[:MARGIN] = 255
    assert float(spread_of(grey(framed), MARGIN)) == 0
    assert manner(grey(framed), torch.ones(1, 1), MARGIN).shape == (1, 6)


@torch.no_grad()
def test_folding_changes_no_answer_and_a_fine_map_has_twice_the_cells() -> None:
    torch.manual_seed(0)
    image = torch.randn(1, 3, 64, 64)
    network = EfficientNetLite0(fine=True).eval()
    before = network(image)
    fold_norms(network)
    assert torch.allclose(network(image), before, atol=1e-4)
    assert before.shape[-2:] == (4, 4) and EfficientNetLite0(fine=False).eval()(image).shape[-2:] == (2, 2)


def test_shuffling_keeps_the_values_and_leaves_the_network_alone() -> None:
    line = torch.nn.Linear(20, 20)
    before = line.weight.clone()
    other = shuffled(line)
    assert torch.equal(line.weight, before) and not torch.equal(other.weight, before)
    assert torch.equal(other.weight.flatten().sort().values, before.flatten().sort().values)
