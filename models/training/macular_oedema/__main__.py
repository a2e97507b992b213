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
            Step("fit-gates", f"{HERE}.export:fit_gates", "fits the gates", "train"),
            Step("export", f"{HERE}.export:main", "writes 1/model.onnx, held against PyTorch", "nothing"),
            Step("withstand", f"{HERE}.settle:withstand", "measures out of fold what the answer withstands", READS),
            Step("threshold", f"{HERE}.settle:main", "calibrates out of fold, sets limits, writes model.json", READS),
            Step("evaluate", f"{HERE}.evaluate:main", "writes evaluation.json, out of fold", READS),
            Step("learning-curve", f"{HERE}.evaluate:curve", "adds the learning curve to it", READS),
            Step("test", f"{HERE}.evaluate:of_test", "adds the test part to it", "test"),
            Step("gates", f"{HERE}.evaluate_gates:main", "writes gates.json", "test; val; the other sets"),
            Step("explanation", f"{HERE}.evaluate_explanation:main", "writes explanation.json", "test"),
            Step(
                "parity", "kit.parity:measure", "writes parity.json; fails where a limit is broken", "50 images of test"
            ),
            Step("golden", f"{HERE}.golden:main", "writes golden/, of drawn scans", "nothing"),
            Step("card", f"{HERE}.card:main", "writes MODEL_CARD.md", "the reports"),
            Step("seal", "kit.evidence:seal", "names the evidence in model.json", "the reports"),
            Step("index", "kit.index:write", "writes models/README.md", "every model.json"),
        ),
    )
)
