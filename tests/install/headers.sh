#!/usr/bin/env bash
# Compiles each header by itself: headers.sh COMPILER FLAGS... -- HEADER...
set -euo pipefail
command=()
while [ "$1" != -- ]; do command+=("$1"); shift; done
shift
for header in "$@"; do
  printf '#include <%s>\n' "$header" | "${command[@]}" -x c++ -fsyntax-only - || exit 255
done
