"""The steps, in order. See `kit.recipe` for how they are run."""

from pathlib import Path

from kit.recipe import Recipe, Step, main

HERE = "macular_oedema"
READS = "train; val"

main(
    Recipe(
        Path(__file__).resolve().parent,
        "1.0.0",
        (
            Step("look", f"{HERE}.train:look", "keeps ImageNet's features of scans and views", READS),
            Step("train", f"{HERE}.train:main", "fits a linear layer for each fold, and the shipped one", READS),
            Step("fit-gates", f"{HERE}.export:fit_gates", "fits the gates", READS),
            Step("export", f"{HERE}.export:main", "writes 1/model.onnx, held against PyTorch", "nothing"),
            Step("threshold", f"{HERE}.settle:main", "calibrates out of fold, sets limits, writes model.json", READS),
            Step("evaluate", f"{HERE}.evaluate:main", "writes evaluation.json, out of fold", READS),
            Step("learning-curve", f"{HERE}.evaluate:curve", "adds the learning curve to it", READS),
        ),
    )
)
