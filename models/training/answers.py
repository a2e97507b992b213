"""What the shipped ONNX file answers, through the runtime that serves it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Model:
    """An ONNX file of the manifest's contract: `image` [N,1,H,W] float32 0..255 -> logits, activation,
    embedding and the scores of `gates.py`."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def outputs(self, images: NDArray[np.uint8], names: list[str], batch: int = 32) -> dict[str, NDArray[np.float64]]:
        """[N,H,W] grey levels -> the first column of each named output, [N]."""
        parts = [
            self.session.run(names, {"image": images[i : i + batch, None].astype(np.float32)})
            for i in range(0, len(images), batch)
        ]
        return {
            name: np.concatenate([part[place][:, 0] for part in parts]).astype(np.float64)
            for place, name in enumerate(names)
        }

    def logits(self, images: NDArray[np.uint8], batch: int = 32) -> NDArray[np.float64]:
        """[N,H,W] grey levels -> [N]."""
        return self.outputs(images, ["logits"], batch)["logits"]


def probabilities(logits: NDArray[np.float64], slope: float, intercept: float) -> NDArray[np.float64]:
    """sigmoid(slope * logit + intercept), as the manifest defines it."""
    return 1 / (1 + np.exp(-(slope * logits + intercept)))
