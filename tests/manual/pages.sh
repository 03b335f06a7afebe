#!/usr/bin/env bash
# Every topic has a readable text and, where lowdown is there, a man page that man accepts.
# @param 1: windrow, 2: the folder of what it made
set -euo pipefail
windrow=$1
made=$2
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

mapfile -t topics < <("$windrow" help | awk '/^  / { print $1 }')
[ "${#topics[@]}" -gt 15 ] || fail "only ${#topics[@]} topics"
for topic in "${topics[@]}"; do
  text=$("$windrow" help "$topic")
  grep -q "^[A-Z ]\{6,\}" <<<"$text" || fail "$topic has no headings"
  if grep -nE '<!--|^```|\]\((http|windrow-)' <<<"$text"; then fail "$topic: Markdown is left in the text"; fi
done

grep -q '^  study.toml:$' <<<"$("$windrow" help study)" || fail "help study does not name the files of its examples"

# Each verb has a page, and each of its options is on it.
for verb in $("$windrow" --help | awk '/^Verbs:/ { on = 1; next } on && /^$/ { exit } on { print $1 }'); do
  [ "$verb" != help ] || continue
  text=$("$windrow" help "$verb")
  for option in $("$windrow" "$verb" --help | grep -oE '^  (-[a-zA-Z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
    grep -q -e "$option" <<<"$text" || fail "the page of $verb does not have $option"
  done
done

if "$windrow" help slum 2>/tmp/help.$$; then fail "it knows a page that is not there"; fi
grep -q 'did you mean `slurm`' /tmp/help.$$ || fail "no suggestion: $(cat /tmp/help.$$)"
rm -f /tmp/help.$$

pages=("$made"/man/man?/*)
if [ ! -e "${pages[0]}" ]; then
  echo "no man pages were made (lowdown is missing)"
  exit 0
fi
[ "${#pages[@]}" = "${#topics[@]}" ] || fail "${#pages[@]} man pages for ${#topics[@]} topics"
if command -v man >/dev/null; then
  for page in "${pages[@]}"; do
    MANWIDTH=100 LC_ALL=C.UTF-8 man --warnings=w -P cat -l "$page" >"/tmp/page.$$" 2>"/tmp/warnings.$$" || fail "man: $page"
    grep -q '^NAME' "/tmp/page.$$" || fail "$page has no NAME"
    if grep -v 'break\|adjust' "/tmp/warnings.$$"; then fail "man complains of $page"; fi
  done
  rm -f "/tmp/page.$$" "/tmp/warnings.$$"
fi
echo "all is well"
