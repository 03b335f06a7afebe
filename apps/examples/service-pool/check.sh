#!/bin/sh
# Every measurement is made once, with and without faults: check.sh PROGRAM
set -eu
output=$(mktemp)
trap 'rm -f "$output"' EXIT
for faults in "" --faults; do
  # shellcheck disable=SC2086 # nothing, or one word
  "$1" 40 $faults > "$output"
  sed -n 's/^job \([0-9]*\): .*/\1/p' "$output" | sort -n > "$output.jobs"
  seq 0 39 | cmp - "$output.jobs"
  rm -f "$output.jobs"
done
