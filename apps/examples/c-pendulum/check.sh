#!/usr/bin/env bash
# The pendulum of C or Fortran gives the expected periods, however it is run. @param 1: the program, 2: mpirun
set -euo pipefail
program=$1
mpirun=$2
expected=$(dirname "${BASH_SOURCE[0]}")/expected.txt
output=$(mktemp)
trap 'rm -f "$output"' EXIT
for mode in function ask; do
  "$program" $mode >"$output"
  cmp "$expected" "$output"
  for ranks in 1 4 5; do
    "$mpirun" -n $ranks "$program" $mode >"$output"
    cmp "$expected" "$output"
  done
done
