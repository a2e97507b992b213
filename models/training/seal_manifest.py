"""Step 9: names the evidence of a version in its manifest, with the sum of each file.

python seal_manifest.py --model ../chest-xray-paediatric
"""

from __future__ import annotations

import argparse
from pathlib import Path

from answers import sha256_of
from json_file import read_json, write_json

EVIDENCE = {
    "evaluation": "evaluation.json",
    "gates": "gates.json",
    "explanation": "explanation.json",
    "parity": "parity.json",
    "golden": "golden/golden.json",
    "card": "MODEL_CARD.md",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()

    manifest = read_json(args.model / "model.json")
    for kind in ("evaluation", "gates", "explanation"):
        if read_json(args.model / EVIDENCE[kind])["model"]["sha256"] != manifest["sha256"]:
            raise ValueError(f"{EVIDENCE[kind]} is of other weights than model.json")
    if read_json(args.model / EVIDENCE["parity"])["sha256"] != manifest["sha256"]:
        raise ValueError("parity.json is of other weights than model.json")
    manifest["evidence"] = [
        {"kind": kind, "file": file, "sha256": sha256_of(args.model / file)} for kind, file in EVIDENCE.items()
    ]
    write_json(args.model / "model.json", manifest)


if __name__ == "__main__":
    main()
