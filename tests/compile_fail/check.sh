#!/usr/bin/env bash
# What must not compile does not, and the compiler's first error says what is wrong: in windrow's words, or by naming
# the option that there is not.
# @param 1  a source that begins with "// FIRST ERROR: text"; another such line is what another compiler says. Rest: the
#           compiler and its flags
set -euo pipefail
export LC_ALL=C  # quotes are ' and '
source=$1
shift
expected=$(sed -n 's,^// FIRST ERROR: ,,p' "$source")
[ -n "$expected" ] || { printf 'FAILED: %s does not say what to expect\n' "$source"; exit 1; }
if said=$("$@" -fsyntax-only "$source" 2>&1); then
  printf 'FAILED: it compiles\n'
  exit 1
fi
first=$(grep -m1 'error:' <<<"$said" || true)
grep -qFe "$expected" <<<"$first" || {
  printf 'FAILED: expected: %s\nthe compiler said: %s\n' "$expected" "$said"
  exit 1
}
