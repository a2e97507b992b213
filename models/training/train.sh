#!/usr/bin/env bash
# The whole recipe of one model: environment, training, gates, export, thresholds, evaluation, golden set, card.
#
#   models/training/train.sh chest-xray-paediatric --data DIR [--sets SETS] [--only-environment]
#
# DIR holds images/ and labels.csv; SETS, by default the folder DIR is in, the other sets that the gates are tried on
# (`families.py` names them). The environment is models/training/.venv, the networks go to models/training/runs;
# both are ignored by git. About an hour on two idle cores. It overwrites models/<model>: a new version of a model
# needs a new number (VERSION=2.2.0).
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
model="${1:?which model?}"
shift
if [ "$model" != chest-xray-paediatric ]; then
  echo "no recipe for $model" >&2
  exit 2
fi

data=
sets=
only_environment=
while [ $# -gt 0 ]; do
  case "$1" in
    --data) data="${2:?--data needs a folder}"; shift 2 ;;
    --sets) sets="${2:?--sets needs a folder}"; shift 2 ;;
    --only-environment) only_environment=1; shift ;;
    *) echo "unknown argument $1" >&2; exit 2 ;;
  esac
done

python="$here/.venv/bin/python"
[ -x "$python" ] || python3 -m venv "$here/.venv"
"$python" -m pip install --quiet --requirement "$here/requirements.txt"
[ -z "$only_environment" ] || exit 0
[ -f "$data/labels.csv" ] || { echo "--data DIR must hold labels.csv" >&2; exit 2; }
data="$(cd "$data" && pwd)"

# One arena that is never given back: large tensors are otherwise mapped and faulted in anew at every step.
export OMP_WAIT_POLICY=passive MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0
export MALLOC_TRIM_THRESHOLD_=20000000000 MALLOC_TOP_PAD_=268435456

target="$here/../$model"
runs="$here/runs/$model"
version="${VERSION:-2.1.0}"
working="${WORKING:-160}"
sets="${sets:-$data/..}"
mkdir -p "$runs" "$target/logs"
run() { "$python" "$here/$1.py" "${@:2}"; }

run train_network --data "$data" --out "$runs/coarse"
run train_network --data "$data" --out "$runs/main" --start "$runs/coarse/network.pt" --working "$working" \
  --rounds 3 --per-round 2208
run choose_size --data "$data" --network "$runs/main/network.pt" | tee "$runs/choose-size.log"
run fit_gates --data "$data" --network "$runs/main/network.pt" --out "$runs/main/gates.pt"
run export_onnx --network "$runs/main/network.pt" --gates "$runs/main/gates.pt" --working "$working" \
  --out "$target/1/model.onnx" | tee "$runs/export.log"
run make_manifest --data "$data" --model "$target" --version "$version" --working "$working" | tee "$runs/threshold.log"
run evaluate --data "$data" --model "$target"
for kind in resized original; do
  run train_network --data "$data" --out "$runs/$kind" --only "$kind" --rounds 2 --per-round 1472
done
run stability --data "$data" --model "$target" --resized "$runs/resized" --original "$runs/original"
run evaluate_gates --data "$data" --sets "$sets" --model "$target"
run evaluate_explanation --data "$data" --model "$target" --network "$runs/main/network.pt" --part test
(cd "$here/../.." && npm run -s parity -- "$model" --data "$data" --split test --write)
run make_golden --data "$data" --model "$target"
run make_card --model "$target" --working "$working"
run seal_manifest --model "$target"

cp "$runs/coarse/train.log" "$target/logs/train-coarse.log"
cp "$runs/main/train.log" "$target/logs/train.log"
cp "$runs/resized/train.log" "$target/logs/train-resized.log"
cp "$runs/original/train.log" "$target/logs/train-original.log"
cp "$runs"/choose-size.log "$runs"/export.log "$runs"/threshold.log "$target/logs/"
