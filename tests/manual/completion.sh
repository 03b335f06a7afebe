#!/usr/bin/env bash
# A shell completes verbs, options, their values and files of windrow's. @param 1: windrow, 2: the shell
set -euo pipefail
windrow=$1
shell=$2
command -v "$shell" >/dev/null || { echo "no $shell here: Skipped"; exit 77; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir bin study.windrow other
ln -s "$windrow" bin/windrow
touch study.toml notes.txt
export PATH="$work/bin:$PATH" HOME=$work
# The name decides where zsh looks for it.
script=$work/_windrow
"$windrow" completion "$shell" >"$script"

# What the shell offers after a line, a word a line.
offers() {
  case $shell in
    bash)
      bash --norc -c 'source "$1"; read -ra COMP_WORDS <<<"$2"; [[ $2 != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _windrow; printf "%s\n" "${COMPREPLY[@]}"' - "$script" "$1"
      ;;
    zsh) zsh -f "$here/offers.zsh" "$work" "$1" ;;
    fish) fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$script" "$1" | cut -f1 ;;
  esac
}

failed=0
expect() {  # a line, and what is offered among others
  offers "$1" >offered || true
  tr -d '\r' <offered | grep -qE -- "(^|[^[:alnum:]-])$2(\$|[^[:alnum:]-])" && return
  echo "FAILED: after \`$1\` there is no $2 in: $(tr '\n' ' ' <offered)"
  failed=1
}
expect_no() {
  offers "$1" >offered || true
  tr -d '\r' <offered | grep -qE -- "(^|[^[:alnum:]-])$2(\$|[^[:alnum:]-])" || return 0
  echo "FAILED: after \`$1\` there is $2 in: $(tr '\n' ' ' <offered)"
  failed=1
}
expect "windrow st" status
expect "windrow " timing
expect_no "windrow " completion
expect "windrow run --re" --retry-failed
expect "windrow run --re" --requeue
expect_no "windrow run --" --ntasks
expect "windrow run --schedule l" longest_first
expect "windrow clean --dr" --dry-run
expect "windrow run st" study.toml
expect "windrow run --dir o" other
expect "windrow status study.w" study.windrow
expect "windrow export study.windrow --csv no" notes.txt
expect "windrow help sl" slurm
[ "$failed" = 0 ] && echo "all is well"
exit "$failed"
