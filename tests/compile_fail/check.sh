#!/usr/bin/env bash
# What must not compile does not, and the compiler's first error says what is wrong in windrow's words.
# @param 1  a source whose first line is "// FIRST ERROR: text", rest: the compiler and its flags
set -euo pipefail
source=$1
shift
expected=$(sed -n '1s,^// FIRST ERROR: ,,p' "$source")
[ -n "$expected" ] || { printf 'FAILED: %s does not say what to expect\n' "$source"; exit 1; }
if said=$("$@" -fsyntax-only "$source" 2>&1); then
  printf 'FAILED: it compiles\n'
  exit 1
fi
first=$(grep -m1 'error:' <<<"$said" || true)
case $first in
  *"$expected"*) ;;
  *) printf 'FAILED: expected: %s\nthe compiler said: %s\n' "$expected" "$said"; exit 1 ;;
esac
