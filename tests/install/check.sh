#!/usr/bin/env bash
# Installs windrow below a folder of its own and uses it from there, as a stranger would: a CMake project, a line of
# pkg-config, every header alone, and what the libraries show.
# @param 1  the build folder, 2  mpirun, or nothing in a build without MPI
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
examples=$here/../../apps/examples
build=$1
mpirun=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
say() { printf -- '-- %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
# From here on nothing is to be found in the build folder.
cmake --install "$build" --prefix "$prefix" >"$work/install.log"

say "completions and man pages"
for file in bash-completion/completions/windrow zsh/site-functions/_windrow fish/vendor_completions.d/windrow.fish; do
  grep -q -e timing "$prefix/share/$file" || fail "share/$file is not installed"
done
if command -v lowdown man >/dev/null; then
  MANPATH="$prefix/share/man" man -P cat windrow-run >"$work/page" || fail "there is no man windrow-run"
  grep -q -e '--schedule' "$work/page" || fail "man windrow-run does not have its options"
fi

say "a CMake project, without MPI"
cmake -S "$here/consumer" -B "$work/core" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCONSUMER_MPI=OFF >"$work/log"
cmake --build "$work/core" >>"$work/log" || { cat "$work/log"; fail "the consumer does not build"; }
env -i WINDROW_BACKEND=serial "$work/core/pendulum" >"$work/expected"
[ "$(wc -l <"$work/expected")" = 200 ] || fail "200 points were expected"
WINDROW_WORKERS=3 "$work/core/pendulum" >"$work/forked"
cmp "$work/expected" "$work/forked"
if readelf -d "$work/core/pendulum" "$prefix"/lib*/libwindrow.so | grep -q 'NEEDED.*mpi'; then
  fail "the component core needs MPI"
fi
if env -i WINDROW_BACKEND=mpi "$work/core/pendulum" 2>"$work/refused"; then fail "it claims to have MPI"; fi
grep -q "component mpi" "$work/refused" || fail "it does not say what is missing: $(cat "$work/refused")"

if [ -n "$mpirun" ]; then
  say "a CMake project, with MPI"
  fortran=OFF
  [ ! -d "$prefix/include/windrow/fortran" ] || fortran=ON
  cmake -S "$here/consumer" -B "$work/mpi" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
    -DCONSUMER_EXAMPLES="$examples" -DCONSUMER_FORTRAN=$fortran >"$work/log"
  cmake --build "$work/mpi" >>"$work/log" || { cat "$work/log"; fail "the consumer does not build"; }
  "$work/mpi/pendulum" >"$work/serial"
  cmp "$work/expected" "$work/serial"
  for ranks in 1 4 5; do
    for program in pendulum pendulum-host; do
      "$mpirun" -n $ranks "$work/mpi/$program" >"$work/ranks" || fail "$program on $ranks ranks"
      cmp "$work/expected" "$work/ranks"
    done
  done
  for program in c-pendulum $([ $fortran = OFF ] || echo fortran-pendulum); do
    "$examples/c-pendulum/check.sh" "$work/mpi/$program" "$mpirun"
  done
  "$mpirun" -n 2 "$prefix/bin/windrow" --version >"$work/version"
fi

say "pkg-config"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name windrow.pc)")
package=windrow source=pendulum
[ -z "$mpirun" ] || { package=windrow-mpi source=pendulum_host; }
# shellcheck disable=SC2046 # one word a flag
g++ "$here/consumer/$source.cpp" -o "$work/by-hand" $(pkg-config --cflags --libs $package)
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH") ${mpirun:+"$mpirun" -n 1} "$work/by-hand" >"$work/output"
cmp "$work/expected" "$work/output"

say "every header alone"
for compiler in g++ clang++; do
  command -v $compiler >/dev/null || { say "no $compiler here: left out"; continue; }
  # shellcheck disable=SC2046
  find "$prefix/include" -name '*.hpp' -printf '%P\0' | sort -z |
    xargs -0 -P2 -n4 "$here/headers.sh" $compiler -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags $package) -- ||
    fail "a header does not compile alone with $compiler"
done

say "what the libraries show"
nm -DC --defined-only "$prefix"/lib*/libwindrow*.so | sed -nE 's/^[0-9a-f]+ . //p' >"$work/symbols"
grep -vE '(^|[ *&])windrow::|^windrow_|^WINDROW_' "$work/symbols" && fail "symbols outside windrow"
grep -q 'windrow::Sweep::run' "$work/symbols" || fail "Sweep::run cannot be seen"
grep -E 'windrow::detail::(Connection|Coordinator|Cutoff|Extractor)' "$work/symbols" && fail "internals can be seen"
macros=$(grep -rhoE '^ *# *define +\w+' "$prefix/include/windrow" | grep -v WINDROW_ || true)
[ -z "$macros" ] || fail "macros without the prefix WINDROW_: $macros"
say "all is well"
