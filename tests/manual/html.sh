#!/usr/bin/env bash
# The HTML manual builds, has every page and the reference, and its links lead somewhere.
# @param 1: cmake, 2: the build folder, 3: links.py
set -euo pipefail
command -v doxygen >/dev/null || { echo "no doxygen here: Skipped"; exit 77; }
"$1" --build "$2" --target manual
html=$2/manual/html
for text in "windrow-run" "windrow::Sweep Class" "efficiency"; do
  grep -rqF "$text" "$html" --include=*.html || { echo "no page has: $text"; exit 1; }
done
"$3" "$html"
