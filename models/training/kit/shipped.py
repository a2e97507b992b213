"""What a shipped ONNX file answers, through the runtime that serves it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from kit.json_file import read_json


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Model:
    """An ONNX file of the manifest's contract: `image` [N,C,H,W] float32 0..255 -> named outputs."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def outputs(
        self, images: NDArray[np.uint8], names: Sequence[str], batch: int = 32
    ) -> dict[str, NDArray[np.float64]]:
        """[N,H,W] or [N,C,H,W] grey levels -> each named output of all of them, [N,...]."""
        shaped = images[:, None] if images.ndim == 3 else images
        parts = [
            self.session.run(names, {"image": shaped[i : i + batch].astype(np.float32)})
            for i in range(0, len(shaped), batch)
        ]
        return {
            name: np.concatenate([part[place] for part in parts]).astype(np.float64) for place, name in enumerate(names)
        }


def open_shipped(folder: Path) -> tuple[dict[str, Any], Model]:
    """A model folder's manifest and model; raises ValueError where the file is not the manifest's."""
    manifest = read_json(folder / "model.json")
    file = folder / manifest["file"]
    if sha256_of(file) != manifest["sha256"]:
        raise ValueError(f"{file} is not the file of model.json")
    return manifest, Model(file)
