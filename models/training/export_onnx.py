"""Step 3b: writes the network as ONNX and proves that ONNX Runtime computes what PyTorch does.

    python export_onnx.py --network runs/main/network.pt --gates runs/main/gates.pt --out ../NAME/1/model.onnx

Weights are stored as float16 and cast to float32 when the file is loaded: half the size, the same arithmetic. They are
rounded before the comparison (`fold_norms.py`), so storing them costs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.onnx import symbolic_helper

from backbone import EfficientNetLite0
from fold_norms import ROUNDED, folded
from gates import Gated, Gates, Scores, load_gates
from network import Answer, Network

OPSET = 18
NEWEST_IR = 10
TOLERANCE = 1e-4  # of any output, of 1 or of the largest absolute value where that is more
OUTPUTS = [*Answer._fields, *Scores._fields]


def load_network(path: Path, working: int | None = None) -> Network:
    """The trained network in evaluation mode; `working` overrides the side in pixels the backbone looks at."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(EfficientNetLite0(fine=saved["plan"].get("fine", False)), working or saved["plan"]["working"])
    network.load_state_dict(saved["weights"])
    return network.eval()


def _antialiased_resize(g, image, size, align_corners, *scales):  # noqa: ANN001, ANN202
    """ONNX Resize of the last two axes for PyTorch's antialiased bilinear one, which the exporter lacks."""
    side = g.op("Constant", value_t=torch.tensor(symbolic_helper._get_const(size, "is", "size"), dtype=torch.int64))
    unused = g.op("Constant", value_t=torch.tensor([], dtype=torch.float32))
    return g.op(
        "Resize",
        image,
        unused,
        unused,
        side,
        axes_i=[2, 3],
        antialias_i=1,
        exclude_outside_i=1,  # at the border PyTorch (and Pillow) renormalise the weights
        mode_s="linear",
        coordinate_transformation_mode_s="half_pixel",
    )


def _graph(gated: Gated) -> onnx.ModelProto:
    torch.onnx.register_custom_op_symbolic("aten::_upsample_bilinear2d_aa", _antialiased_resize, OPSET)
    buffer = io.BytesIO()
    torch.onnx.export(
        gated,
        (torch.rand(2, 1, 300, 260) * 255,),
        buffer,
        input_names=["image"],
        output_names=OUTPUTS,
        dynamic_axes={"image": {0: "N", 2: "H", 3: "W"}, **{name: {0: "N"} for name in OUTPUTS}},
        opset_version=OPSET,
        dynamo=False,
    )
    return onnx.load_from_string(buffer.getvalue())


def _store_as_float16(model: onnx.ModelProto) -> None:
    """Replaces the float32 initialisers that float16 holds exactly by float16 ones behind a Cast."""
    casts = []
    for index, tensor in enumerate(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < ROUNDED:
            continue
        name = tensor.name
        values = numpy_helper.to_array(tensor)
        if not np.array_equal(values.astype(np.float16).astype(np.float32), values):
            continue
        half = numpy_helper.from_array(values.astype(np.float16), f"{name}.float16")
        model.graph.initializer[index].CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def _images() -> Iterator[torch.Tensor]:
    """Smooth images smaller, equal, larger and very unlike a square, and an even one."""
    generator = torch.Generator().manual_seed(0)
    for height, width in ((224, 224), (97, 131), (1024, 841), (2000, 640)):
        coarse = torch.rand(3, 1, 9, 9, generator=generator)
        yield torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1) * 255
    yield torch.full((1, 1, 300, 200), 77.0)


def _differences(gated: Gated, model: bytes) -> dict[str, float]:
    """The largest difference of each output between ONNX Runtime and PyTorch."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    worst = dict.fromkeys(OUTPUTS, 0.0)
    for image in _images():
        with torch.no_grad():
            expected = dict(zip(OUTPUTS, (tensor.numpy() for tensor in gated(image)), strict=True))
        answer = dict(zip(OUTPUTS, session.run(OUTPUTS, {"image": image.numpy()}), strict=True))
        for name in OUTPUTS:
            scale = max(1.0, float(np.abs(expected[name]).max()))
            worst[name] = max(worst[name], float(np.abs(answer[name] - expected[name]).max()) / scale)
        mean = answer["activation"].mean(axis=(2, 3)) + gated.network.classifier.bias.detach().numpy()
        if np.abs(mean - answer["logits"]).max() > TOLERANCE:
            raise ValueError("the mean of the activation map and the bias do not add up to the logit")
    return worst


def export(network: Network, gates: Gates, out: Path) -> str:
    """Writes the file and returns its SHA-256; raises when ONNX Runtime differs from PyTorch."""
    gated = Gated(folded(network), gates).eval()
    model = _graph(gated)
    _store_as_float16(model)
    model.ir_version = min(model.ir_version, NEWEST_IR)
    model.producer_name, model.producer_version, model.doc_string = "sightline", "", ""
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    for name, difference in (differences := _differences(gated, content)).items():
        if not difference <= TOLERANCE:
            raise ValueError(f"ONNX Runtime and PyTorch differ by {difference:.2e} in {name}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{out.name}: {len(content) / 1e6:.1f} MB, sha256 {digest}")
    print("largest difference: " + ", ".join(f"{name} {difference:.1e}" for name, difference in differences.items()))
    return digest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--gates", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--working", type=int)
    args = parser.parse_args()
    export(load_network(args.network, args.working), load_gates(args.gates), args.out)


if __name__ == "__main__":
    main()
