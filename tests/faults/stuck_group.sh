#!/bin/sh
# stuck_group.sh <how> <mpirun> <ranks> <group_faults>
# With WINDROW_TEST_FLAGS="--enable-recovery" mpirun succeeds whatever happens.
# A job of which one rank leaves its group must end by itself, in failure; the next one must find what was kept.
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT
# shellcheck disable=SC2086 # flags are words
if "$2" $WINDROW_TEST_FLAGS -n "$3" "$4" "$1" "$directory/results" && [ -z "$WINDROW_TEST_FLAGS" ]; then
  echo "stuck_group.sh: success, where a failure was due"
  exit 1
fi
"$2" -n "$3" "$4" "again after $1" "$directory/results"
