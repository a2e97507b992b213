"""Writes a network as ONNX, its preprocessing included, and proves that ONNX Runtime computes what PyTorch does.

Weights are stored as float16 and cast to float32 when the file is loaded: half the size, the same arithmetic. They are
rounded before anything is measured (`round_weights`), so storing them costs nothing.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.onnx import symbolic_helper

OPSET = 18
NEWEST_IR = 10
TOLERANCE = 1e-4  # of any output, of 1 or of the largest absolute value where that is more
ROUNDED = 1024  # weights; smaller tensors keep float32

AXES = {0: "N", 2: "H", 3: "W"}


@torch.no_grad()
def round_weights(module: nn.Module) -> None:
    """Makes every large parameter exact in float16, in place: the half-size file holds the network that is measured."""
    for parameter in module.parameters():
        if parameter.numel() >= ROUNDED:
            parameter.copy_(parameter.half().float())


def export(module: nn.Module, outputs: Sequence[str], images: Sequence[Tensor], out: Path) -> str:
    """Writes a module from `image` [N,C,H,W] to a tuple of named outputs, [N,...] each; returns the file's SHA-256.

    Any N, H and W may be asked for, so `images` should be of many sizes: on each of them ONNX Runtime is held against
    PyTorch. Raises ValueError where they differ by more than 1e-4.
    """
    model = _graph(module.eval(), outputs, images[0])
    _store_as_float16(model)
    model.ir_version = min(model.ir_version, NEWEST_IR)
    model.producer_name, model.producer_version, model.doc_string = "sightline", "", ""
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    for name, difference in (differences := _differences(module, outputs, images, content)).items():
        if not difference <= TOLERANCE:
            raise ValueError(f"ONNX Runtime and PyTorch differ by {difference:.2e} in {name}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{out.name}: {len(content) / 1e6:.1f} MB, sha256 {digest}")
    print("largest difference: " + ", ".join(f"{name} {difference:.1e}" for name, difference in differences.items()))
    return digest


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


def _graph(module: nn.Module, outputs: Sequence[str], image: Tensor) -> onnx.ModelProto:
    torch.onnx.register_custom_op_symbolic("aten::_upsample_bilinear2d_aa", _antialiased_resize, OPSET)
    buffer = io.BytesIO()
    torch.onnx.export(
        module,
        (image,),
        buffer,
        input_names=["image"],
        output_names=list(outputs),
        dynamic_axes={"image": AXES, **{name: {0: "N"} for name in outputs}},
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


def _differences(module: nn.Module, outputs: Sequence[str], images: Sequence[Tensor], model: bytes) -> dict[str, float]:
    """The largest difference of each output between ONNX Runtime and PyTorch."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    worst = dict.fromkeys(outputs, 0.0)
    for image in images:
        with torch.no_grad():
            expected = [tensor.numpy() for tensor in module(image)]
        answer = session.run(list(outputs), {"image": image.numpy()})
        for name, wanted, got in zip(outputs, expected, answer, strict=True):
            scale = max(1.0, float(np.abs(wanted).max()))
            worst[name] = max(worst[name], float(np.abs(got - wanted).max()) / scale)
    return worst
