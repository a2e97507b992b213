"""Makes the small models the specs of this library run: `bright` and `slow`, and in ../faulty-models those that may not serve.

All keep the contract of every shipped model (input `image`, outputs `logits`, `activation`, `embedding`) and know nothing
of medicine: the logit is the mean grey of the picture, (mean - 128) / 16, and each cell of the activation its local share.
`slow` gives the same answer after as many turns of an empty loop as the first pixel says, 200 000 per grey level, so that a
test can hold a runtime busy for as long as it needs inside native code.

Of the faulty ones `hungry` takes 64 MiB more for each grey level of the first pixel, `nan` answers no number where that pixel is
above 250, `newer` is written in an opset nobody knows yet, and `renamed` calls its logits otherwise than its manifest does.

Run:  pip install onnx==1.18.0 onnxruntime==1.30.0 pydicom==3.0.1 && python make_test_models.py
(rewrites every folder of a model, golden/ and the sums in the manifests included)
"""

import hashlib
import json
import pathlib
import uuid

import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper, save
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

HERE = pathlib.Path(__file__).parent
OPSET = 19


def constant(name, values, dtype):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def answer_nodes(image, logits="logits"):
    return [
        helper.make_node("Resize", [image, "", "", "grid"], ["small"], axes=[2, 3], mode="linear", antialias=1),
        helper.make_node("Mul", ["small", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["activation"]),
        helper.make_node("GlobalAveragePool", ["activation"], ["pooled"]),
        helper.make_node("GlobalMaxPool", ["activation"], ["brightest"]),
        helper.make_node("Flatten", ["pooled"], [logits]),
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


def corner_nodes():
    """The first pixel of a batch as a scalar: `grey`."""
    return [
        helper.make_node("Slice", ["image", "zeros", "ones", "axes"], ["corner"]),
        helper.make_node("Reshape", ["corner", "scalar"], ["grey"]),
    ]


def hungry_nodes():
    return [
        *corner_nodes(),
        helper.make_node("Mul", ["grey", "blocks_per_grey"], ["more_float"]),
        helper.make_node("Cast", ["more_float"], ["more"], to=TensorProto.INT64),
        helper.make_node("Add", ["more", "one_block"], ["blocks"]),
        helper.make_node("Reshape", ["blocks", "list"], ["block_list"]),
        helper.make_node("Concat", ["block_list", "block_size"], ["feast"], axis=0),
        helper.make_node("Expand", ["grey", "feast"], ["eaten"]),
        helper.make_node("ReduceMax", ["eaten"], ["largest"], keepdims=0),
        helper.make_node("Mul", ["largest", "nothing"], ["silence"]),
        helper.make_node("Add", ["image", "silence"], ["fed"]),
    ]


def nan_nodes():
    """Each row for itself: 0/0 where its first pixel is above 250."""
    return [
        helper.make_node("Slice", ["image", "first", "second", "sides"], ["corners"]),
        helper.make_node("Greater", ["corners", "bright"], ["too_bright"]),
        helper.make_node("Where", ["too_bright", "no_number", "nothing"], ["spoil"]),
        helper.make_node("Add", ["image", "spoil"], ["spoilt"]),
    ]


def build(nodes, extra, logits="logits", opset=OPSET):
    graph = helper.make_graph(
        nodes,
        "grey",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, "H", "W"])],
        [
            helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["N", 1]),
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
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    if opset == OPSET:
        checker.check_model(model)
    return model


CORNER = [
    constant("zeros", [0, 0, 0, 0], np.int64),
    constant("ones", [1, 1, 1, 1], np.int64),
    constant("axes", [0, 1, 2, 3], np.int64),
    constant("scalar", [], np.int64),
    constant("nothing", 0, np.float32),
]

BRIGHT = build(answer_nodes("image"), [])

MODELS = {
    "bright": BRIGHT,
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

FAULTY = {
    "hungry": build(
        [*hungry_nodes(), *answer_nodes("fed")],
        [
            *CORNER,
            constant("blocks_per_grey", 64, np.float32),
            constant("one_block", 1, np.int64),
            constant("list", [1], np.int64),
            constant("block_size", [1 << 18], np.int64),
        ],
    ),
    "nan": build(
        [*nan_nodes(), *answer_nodes("spoilt")],
        [
            constant("first", [0, 0], np.int64),
            constant("second", [1, 1], np.int64),
            constant("sides", [2, 3], np.int64),
            constant("bright", 250, np.float32),
            constant("no_number", np.nan, np.float32),
            constant("nothing", 0, np.float32),
        ],
    ),
    "newer": build(answer_nodes("image"), [], opset=99),
    "renamed": build(answer_nodes("image", logits="logit"), [], logits="logit"),
}


def manifest(name, sha256, golden_sha256):
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
        "evidence": [{"kind": "golden", "file": "golden/golden.json", "sha256": golden_sha256}],
        "licences": {"weights": "Apache-2.0"},
        "intendedUse": "Tests of the inference library.",
        "limits": ["Knows nothing of medicine."],
    }


def picture(grey):
    """Of one grey, 48 × 32; its first pixel is black, so that it costs `slow` and `hungry` nothing."""
    pixels = np.full((32, 48), grey, np.uint8)
    pixels[0, 0] = 0
    return pixels


def dicom(path, pixels, modality="DX"):
    """The least a worker reads: pixels, and a header inside the intended use."""
    uid = lambda what: f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'test-model/{what}').int}"
    ds = Dataset()
    ds.SOPClassUID = DigitalXRayImageStorageForPresentation
    ds.SOPInstanceUID = uid(f"{path.parent.parent.name}/{path.name}")
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid("study"), uid("series")
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition, ds.PatientAge = modality, "CHEST", "AP", "003Y"
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    # Grey as it is stored (PS3.3 C.11.2.1.2.1).
    ds.WindowCenter, ds.WindowWidth = "128", "256"
    ds.PixelData = pixels.tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)


def probability_of(pixels):
    session = onnxruntime.InferenceSession(BRIGHT.SerializeToString(), providers=["CPUExecutionProvider"])
    (logit,) = session.run(["logits"], {"image": pixels[None, None].astype(np.float32)})[0][0]
    return round(float(1 / (1 + np.exp(-logit))), 4)


def golden(folder, pictures):
    """What `bright` says, which all models would say if they were sound."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, pixels in pictures.items():
        dicom(folder / f"{name}.dcm", pixels)
        probability = probability_of(pixels)
        findings = {"probability": {"pneumonia": probability}, "present": {"pneumonia": probability >= 0.5}}
        entries.append({"file": f"{name}.dcm", "expected": {"outcome": "findings", **findings}})
    dicom(folder / "ct.dcm", picture(100), modality="CT")
    entries.append({"file": "ct.dcm", "expected": {"outcome": "skipped", "reason": "wrong-modality"}})
    (folder / "golden.json").write_text(json.dumps(entries, indent=2) + "\n")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(folder, model):
    pictures = {"dark": picture(100), "light": picture(200)}
    if folder.name == "nan":
        pictures["brightest"] = np.full((32, 48), 255, np.uint8)
    (folder / "1").mkdir(parents=True, exist_ok=True)
    save(model, folder / "1" / "model.onnx")
    golden(folder / "golden", pictures)
    sums = digest(folder / "1" / "model.onnx"), digest(folder / "golden" / "golden.json")
    (folder / "model.json").write_text(json.dumps(manifest(folder.name, *sums), indent=2) + "\n")


for name, model in MODELS.items():
    write(HERE / name, model)
for name, model in FAULTY.items():
    write(HERE.parent / "faulty-models" / name, model)
