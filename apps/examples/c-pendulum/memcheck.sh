#!/usr/bin/env bash
# The pendulum of C or Fortran makes no mistake with memory. @param 1: the program
set -euo pipefail
command -v valgrind >/dev/null || { echo "skipped: needs valgrind"; exit 77; }
for mode in function ask; do
  valgrind --quiet --error-exitcode=3 "$1" $mode >/dev/null
done
