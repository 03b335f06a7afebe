#!/usr/bin/env bash
# Adds windrow to a project of somebody else, in both ways, and builds a small program of it.
# @param 1  windrow's sources
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

for fetches in OFF ON; do
  cmake -S "$here" -B "$work/$fetches" -G Ninja -DWINDROW_SOURCE="$source" -DHOST_FETCHES=$fetches -DWINDROW_MPI=OFF \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DWINDROW_WERROR=ON >"$work/log" 2>&1 || { cat "$work/log"; fail "cmake"; }
done
cmake --build "$work/OFF" --target small >"$work/log" || { cat "$work/log"; fail "it does not build"; }
[ -x "$work/OFF/small" ] || fail "programs of the host are no longer built where it expects them"
[ ! -e "$work/OFF/CTestTestfile.cmake" ] || fail "windrow enabled tests in a project that has none"
"$work/OFF/small"
