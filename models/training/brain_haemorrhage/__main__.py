"""The steps, in order. See `kit.recipe` for how they are run."""

from pathlib import Path

from kit.recipe import Recipe, Step, main

HERE = "brain_haemorrhage"

main(
    Recipe(
        Path(__file__).resolve().parent,
        "1.0.0",
        (
            Step("views", f"{HERE}.views:main", "what the early blocks give of views of each slice", "train; val"),
            Step("folds", f"{HERE}.train:folds", "trains one network a fold, answers out of fold", "train; val"),
            Step("train", f"{HERE}.train:whole", "trains the network that is shipped", "train; val"),
            Step("fit-gates", f"{HERE}.export:fit_gates", "fits the gates", "train"),
            Step("export", f"{HERE}.export:main", "writes 1/model.onnx, held against PyTorch", "nothing"),
            Step("threshold", f"{HERE}.settle:main", "calibrates, sets limits, writes model.json", "train; val"),
            Step("evaluate", f"{HERE}.evaluate:main", "writes evaluation.json", "train; val, out of fold"),
            Step(
                "robustness",
                f"{HERE}.evaluate:under_corruption",
                "adds figures under corruption to it",
                "train; val, out of fold",
            ),
            Step(
                "learning-curve",
                f"{HERE}.evaluate:of_fewer_patients",
                "adds figures of fewer patients to it",
                "train; val, out of fold",
            ),
        ),
    )
)
