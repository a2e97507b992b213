"""Makes the two small models the specs of this library run: `bright` and `slow`.

Both keep the contract of every shipped model (input `image`, outputs `logits`, `activation`, `embedding`) and know nothing
of medicine: the logit is the mean grey of the picture, (mean - 128) / 16, and each cell of the activation its local share.
`slow` gives the same answer after as many turns of an empty loop as the first pixel says, 200 000 per grey level, so that a
test can hold a runtime busy for as long as it needs inside native code.

Run:  pip install onnx==1.18.0 && python make_test_models.py      (rewrites bright/ and slow/, sha256 in the manifests included)
"""

import hashlib
import json
import pathlib

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = pathlib.Path(__file__).parent
OPSET = 19


def constant(name, values, dtype):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def answer_nodes(image):
    return [
        helper.make_node("Resize", [image, "", "", "grid"], ["small"], axes=[2, 3], mode="linear", antialias=1),
        helper.make_node("Mul", ["small", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["activation"]),
        helper.make_node("GlobalAveragePool", ["activation"], ["pooled"]),
        helper.make_node("GlobalMaxPool", ["activation"], ["brightest"]),
        helper.make_node("Flatten", ["pooled"], ["logits"]),
        helper.make_node("Concat", ["pooled", "brightest"], ["both"], axis=1),
        helper.make_node("Flatten", ["both"], ["embedding"]),
    ]


def loop_nodes():
    turn = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Mul", ["picture_in", "one"], ["picture_out"]),
        ],
        "turn",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("picture_in", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("picture_out", TensorProto.FLOAT, None),
        ],
    )
    return [
        helper.make_node("Slice", ["image", "zeros", "ones", "axes"], ["corner"]),
        helper.make_node("Reshape", ["corner", "scalar"], ["grey"]),
        helper.make_node("Mul", ["grey", "turns_per_grey"], ["turns_float"]),
        helper.make_node("Cast", ["turns_float"], ["turns"], to=TensorProto.INT64),
        helper.make_node("Loop", ["turns", "yes", "grey"], ["spun"], body=turn),
        # The loop's result is used, times nothing, so that no optimiser drops it.
        helper.make_node("Mul", ["spun", "nothing"], ["silence"]),
        helper.make_node("Add", ["image", "silence"], ["waited"]),
    ]


def build(nodes, extra):
    graph = helper.make_graph(
        nodes,
        "grey",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1]),
            helper.make_tensor_value_info("activation", TensorProto.FLOAT, ["N", 1, 8, 8]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 2]),
        ],
        [
            constant("grid", [8, 8], np.int64),
            constant("scale", 1 / 16, np.float32),
            constant("shift", -8, np.float32),
            *extra,
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    checker.check_model(model)
    return model


MODELS = {
    "bright": build(answer_nodes("image"), []),
    "slow": build(
        [*loop_nodes(), *answer_nodes("waited")],
        [
            constant("zeros", [0, 0, 0, 0], np.int64),
            constant("ones", [1, 1, 1, 1], np.int64),
            constant("axes", [0, 1, 2, 3], np.int64),
            constant("scalar", [], np.int64),
            constant("turns_per_grey", 200_000, np.float32),
            constant("yes", True, np.bool_),
            constant("one", 1, np.float32),
            constant("nothing", 0, np.float32),
        ],
    ),
}


def manifest(name, sha256):
    return {
        "name": name,
        "version": "1.0.0",
        "title": "Mean grey of a picture, for tests only",
        "file": "1/model.onnx",
        "sha256": sha256,
        "worker": "xray",
        "role": "primary",
        "release": "worklist-only",
        "answer": {"unit": "image"},
        "input": {
            "modalities": ["CR", "DX"],
            "selection": {"kind": "every-image"},
            "preparation": {
                "grey": {"kind": "display"},
                "crop": "none",
                "aspect": "kept",
                "resize": {"in": "graph", "filter": "antialiased-linear", "size": 8},
            },
            "tensor": {
                "name": "image",
                "layout": "NCHW",
                "channels": 1,
                "range": [0, 255],
                "photometric": "MONOCHROME2",
            },
        },
        "graph": {"logits": "logits", "activation": "activation", "embedding": "embedding", "scores": []},
        "outputs": [
            {
                "key": "pneumonia",
                "index": 0,
                "finding": {"system": "http://snomed.info/sct", "code": "233604007", "display": "Pneumonia"},
                "site": {"system": "http://snomed.info/sct", "code": "39607008", "display": "Lung structure"},
                "threshold": 0.5,
                "calibration": {"kind": "platt", "slope": 1, "intercept": 0},
            }
        ],
        "applicability": {
            "modality": ["CR", "DX"],
            "bodyPart": ["CHEST"],
            "view": ["AP", "PA"],
            "age": {"minYears": 1, "maxYears": 5, "unknown": "refuse"},
            "scores": [],
        },
        "wording": {"subject": "picture", "notAssessed": "nothing else was looked at"},
        "explanation": {"kind": "class-activation", "faithful": True},
        "evaluation": {
            "labels": {"pneumonia": "pneumonia"},
            "patient": "patient",
            "assume": {"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "AP", "PatientAge": "003Y"},
            "primary": {"name": "auroc", "output": "pneumonia", "value": 0.5, "ci95": [0, 1], "n": 1, "patients": 1},
            "figures": "none",
        },
        "evidence": [],
        "licences": {"weights": "Apache-2.0"},
        "intendedUse": "Tests of the inference library.",
        "limits": ["Knows nothing of medicine."],
    }


for name, model in MODELS.items():
    folder = HERE / name
    (folder / "1").mkdir(parents=True, exist_ok=True)
    save(model, folder / "1" / "model.onnx")
    digest = hashlib.sha256((folder / "1" / "model.onnx").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(manifest(name, digest), indent=2) + "\n")
