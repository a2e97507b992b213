from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from kit.evidence import sha256_of  # noqa: E402
from kit.export import export, round_weights  # noqa: E402
from kit.json_file import write_json  # noqa: E402
from kit.shipped import open_shipped  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Small(torch.nn.Module):
    """[N,1,H,W] -> a logit of the image squeezed to 32 x 32 and its mean grey."""

    def __init__(self) -> None:
        super().__init__()
        self.line = torch.nn.Linear(1024, 2)

    def forward(self, image):
        small = torch.nn.functional.interpolate(image, (32, 32), mode="bilinear", antialias=True)
        return self.line(small.flatten(1) / 255), image.mean((2, 3))


def sizes() -> list:
    return [torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(0)) * 255 for size in ((64, 48), (97, 131))]


def test_a_shipped_file_answers_as_pytorch_does_for_pictures_of_any_size(tmp_path: Path) -> None:
    torch.manual_seed(0)
    round_weights(small := Small())
    file = tmp_path / "1" / "model.onnx"
    digest = export(small, ["logits", "mean"], sizes(), file)
    write_json(tmp_path / "model.json", {"file": "1/model.onnx", "sha256": digest})
    model = open_shipped(tmp_path).model
    images = np.random.default_rng(0).integers(0, 256, (5, 200, 80)).astype(np.uint8)
    answer = model.outputs(images, ["logits", "mean"], batch=2)
    with torch.no_grad():
        expected = small(torch.from_numpy(images[:, None]).float())
    assert answer["logits"].shape == (5, 2)
    assert np.abs(answer["logits"] - expected[0].numpy()).max() < 1e-4
    assert file.stat().st_size < 8_000 + 2 * 2048  # two bytes a weight


def test_the_same_network_gives_the_same_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    round_weights(small := Small())
    sums = [export(small, ["logits", "mean"], sizes(), tmp_path / name) for name in ("a.onnx", "b.onnx")]
    assert sums[0] == sums[1] == sha256_of(tmp_path / "a.onnx")


class Moody(Small):
    """Answers otherwise once it was exported."""

    def forward(self, image):
        logits, mean = super().forward(image)
        return (logits, mean) if torch.onnx.is_in_onnx_export() else (logits + 1e-2, mean)


def test_a_file_that_answers_otherwise_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="differ by .* in logits"):
        export(Moody(), ["logits", "mean"], sizes(), tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


def test_a_file_that_is_not_the_manifests_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"other")
    write_json(tmp_path / "model.json", {"file": "a.onnx", "sha256": "0" * 64})
    with pytest.raises(ValueError, match="not the file of model.json"):
        open_shipped(tmp_path)
