#!/bin/sh
# expect.sh <code|fails> <regex> <command...>
# Runs a command, which must end within 25 s with this exit code (`fails`: any but 0) and with text that the regex finds.
# Of the processes whose numbers it printed as "pid N", none may be left a second later.
want=$1
regex=$2
shift 2
text=$(mktemp) || exit 1
trap 'rm -f "$text"' EXIT
begin=$(date +%s)
timeout -k 3 25 "$@" > "$text" 2>&1
code=$?
end=$(date +%s)
cat "$text"

fail() {
  echo "expect.sh: $1"
  exit 1
}
[ $((end - begin)) -lt 25 ] || fail "no end within 25 s"
case $want in
  fails) [ $code -ne 0 ] || fail "code 0, where a failure was due" ;;
  *) [ $code -eq "$want" ] || fail "code $code instead of $want" ;;
esac
grep -Eq -e "$regex" "$text" || fail "nothing matches: $regex"
pids=$(sed -n 's/.*pid \([0-9][0-9]*\).*/\1/p' "$text")
[ -z "$pids" ] || sleep 1
for pid in $pids; do
  state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2> /dev/null)
  [ -z "$state" ] || [ "$state" = Z ] || fail "process $pid is left"
done
exit 0
