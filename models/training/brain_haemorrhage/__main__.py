"""The steps, in order. See `kit.recipe` for how they are run."""

from pathlib import Path

from kit.recipe import Recipe, Step, main

HERE = "brain_haemorrhage"
READS = "train; val"

main(
    Recipe(
        Path(__file__).resolve().parent,
        "1.0.0",
        (
            Step("views", f"{HERE}.views:main", "what ImageNet's features say of views of each slice", READS),
            Step("train", f"{HERE}.train:main", "fits the lines of each fold and those that are shipped", READS),
            Step("fit-gates", f"{HERE}.export:fit_gates", "fits the gates", "train"),
            Step("export", f"{HERE}.export:main", "writes 1/model.onnx, held against PyTorch", "nothing"),
            Step("threshold", f"{HERE}.settle:main", "calibrates out of fold, writes model.json", READS),
            Step("evaluate", f"{HERE}.evaluate:main", "writes evaluation.json, out of fold", READS),
            Step("robustness", f"{HERE}.evaluate:under_corruption", "adds figures under corruption to it", READS),
            Step("learning-curve", f"{HERE}.evaluate:of_fewer_patients", "adds figures of fewer patients to it", READS),
            Step("limits", f"{HERE}.settle:set_limits", "sets the gates' limits by what is withstood", "val"),
            Step("test", f"{HERE}.evaluate:on_test", "adds what the shipped file says of the test part", "test"),
            Step("gates", f"{HERE}.evaluate_gates:main", "writes gates.json", "test; val; the other sets"),
            Step("explanation", f"{HERE}.evaluate_explanation:main", "writes explanation.json, out of fold", READS),
            Step("parity", "kit.parity:measure", "writes parity.json; fails where a limit is broken", "test"),
            Step("golden", f"{HERE}.golden:main", "writes golden/, of a drawn head", "nothing"),
            Step("card", f"{HERE}.card:main", "writes MODEL_CARD.md", "the reports"),
            Step("seal", "kit.evidence:seal", "names the evidence in model.json", "the reports"),
            Step("index", "kit.index:write", "writes models/README.md", "every model.json"),
        ),
    )
)
