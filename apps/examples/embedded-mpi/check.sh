#!/usr/bin/env bash
# The sweep gives the same temperatures however many ranks there are, and however many a point has; the solver alone
# agrees; and what the manual shows is how the two programs differ, in fewer than 30 lines.
# @param 1: flow, 2: flow-sweep, 3: mpirun, 4: windrow-library.md
set -euo pipefail
flow=$1
sweep=$2
mpirun=$3
manual=$4
here=$(dirname "${BASH_SOURCE[0]}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$mpirun" -n 1 "$sweep" >"$work/expected"
[ "$(wc -l <"$work/expected")" = 12 ]
"$sweep" >"$work/output"  # without mpirun
cmp "$work/expected" "$work/output"
for run in "4 1" "4 2" "4 4" "5 1" "5 2" "5 3" "5 4"; do
  read -r ranks each <<<"$run"
  "$mpirun" -n "$ranks" "$sweep" "$each" >"$work/output"
  cmp "$work/expected" "$work/output" || { echo "different on $ranks ranks, $each for a point"; exit 1; }
done
"$mpirun" -n 3 "$flow" 0.25 0.001 >"$work/alone"
cmp "$work/alone" <(head -1 "$work/expected")

diff -U0 --label flow.cpp --label flow_sweep.cpp "$here/flow.cpp" "$here/flow_sweep.cpp" >"$work/diff" || true
[ "$(grep -c '^[-+][^-+]\|^[-+]$' "$work/diff")" -lt 30 ]
sed -n '/^--- flow.cpp$/,/^```$/p' "$manual" | sed '$d' >"$work/shown"
cmp "$work/diff" "$work/shown" || { echo "the manual does not show this: $(cat "$work/diff")"; exit 1; }
echo "all is well"
