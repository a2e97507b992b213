"""The steps, in order. See `kit.recipe` for how they are run."""

from pathlib import Path

from kit.recipe import Recipe, Step, main

HERE = "chest_xray_paediatric"

main(
    Recipe(
        Path(__file__).resolve().parent,
        "2.1.0",
        (
            Step("train-coarse", f"{HERE}.train:coarse", "trains on a coarse map", "train; first half of val"),
            Step("train", f"{HERE}.train:fine", "refines it: a finer map that adds up", "train; first half of val"),
            Step("choose-size", f"{HERE}.choose_size:main", "compares working sizes", "first half of val"),
            Step("fit-gates", f"{HERE}.export:fit_gates", "fits the gates", "train"),
            Step("export", f"{HERE}.export:main", "writes 1/model.onnx, held against PyTorch", "nothing"),
            Step(
                "threshold",
                f"{HERE}.settle:main",
                "calibrates, sets limits, writes model.json",
                "second half of val; val",
            ),
            Step("evaluate", f"{HERE}.evaluate:main", "writes evaluation.json", "test; second half of val"),
            Step("train-resized", f"{HERE}.train:resized", "trains, shorter, on files stored resized", "train"),
            Step("train-original", f"{HERE}.train:original", "trains, shorter, on files stored as they were", "train"),
            Step("stability", f"{HERE}.stability:main", "adds what it might lean on to evaluation.json", "train; val"),
            Step("gates", f"{HERE}.evaluate_gates:main", "writes gates.json", "test; val; the other sets"),
            Step("explanation", f"{HERE}.evaluate_explanation:main", "writes explanation.json", "test"),
            Step(
                "parity", "kit.parity:measure", "writes parity.json; fails where a limit is broken", "50 images of test"
            ),
            Step("golden", f"{HERE}.golden:main", "writes golden/", "six images of test"),
            Step("card", f"{HERE}.card:main", "writes MODEL_CARD.md", "the reports"),
            Step("seal", "kit.evidence:seal", "names the evidence in model.json", "the reports"),
            Step("index", "kit.index:write", "writes models/README.md", "every model.json"),
        ),
    )
)
