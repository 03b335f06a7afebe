#!/bin/sh
# expect.sh <code|fails> <regex> <command...>
# Runs a command, which must end within 25 s with this exit code (`fails`: any but 0) and with text that the regex finds.
# Of the processes whose numbers it printed as "pid N", none may be left a second later.
# Open MPI's mpirun itself hangs, about once in a thousand times, when a rank is killed while the two speak to each other.
# A command of which nothing but mpirun was left is run once more, and it is said.
want=$1
regex=$2
shift 2
text=$(mktemp) || exit 1
trap 'rm -f "$text" "$text.code"' EXIT

names_below() {
  for child in $(cat "/proc/$1/task/"*/children 2> /dev/null); do
    cat "/proc/$child/comm" 2> /dev/null
    names_below "$child"
  done
}

# Sets code; hung, if the time was up; and left, the names of what was there then.
run() {
  rm -f "$text.code"
  begin=$(date +%s)
  left=
  (
    timeout -k 3 25 "$@" > "$text" 2>&1
    echo $? > "$text.code"
  ) &
  while [ ! -s "$text.code" ]; do
    [ -n "$left" ] || [ $(($(date +%s) - begin)) -lt 23 ] || left=$(names_below $!)
    sleep 0.05
  done
  wait
  code=$(cat "$text.code")
  hung=$(($(date +%s) - begin >= 25))
  cat "$text"
}

fail() {
  echo "expect.sh: $1"
  exit 1
}

run "$@"
if [ "$hung" = 1 ] && [ -n "$left" ] && ! echo "$left" | grep -vqxE 'timeout|stuck_group.sh|mpirun|mpiexec|orterun'; then
  echo "expect.sh: mpirun hangs, and nothing else is left; once more"
  run "$@"
fi
[ "$hung" = 0 ] || fail "no end within 25 s; after 23 s there were: $(echo "$left" | tr '\n' ' ')"
case $want in
  fails) [ "$code" -ne 0 ] || fail "code 0, where a failure was due" ;;
  *) [ "$code" -eq "$want" ] || fail "code $code instead of $want" ;;
esac
grep -Eq -e "$regex" "$text" || fail "nothing matches: $regex"
pids=$(sed -n 's/.*pid \([0-9][0-9]*\).*/\1/p' "$text")
[ -z "$pids" ] || sleep 1
for pid in $pids; do
  state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2> /dev/null)
  [ -z "$state" ] || [ "$state" = Z ] || fail "process $pid is left"
done
exit 0
