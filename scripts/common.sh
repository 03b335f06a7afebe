# What the scripts share; sourced, with bash. Leaves the shell in the checkout's root.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

# Objects are found again in another clone.
export CCACHE_BASEDIR="$root"

say() { printf '%s\n' "== $*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    printf '%s\n' "needs root or sudo to run: $*" >&2
    return 1
  fi
}

# The names in a package list, one a line. @param 1: the list, rest: only those under these headings
package_names() {
  local list=$1 headings
  shift
  headings=$(printf '%s\n' "$@")
  awk -v headings="$headings" '
    BEGIN { all = headings == ""; number = split(headings, wanted, "\n") }
    /^# / { on = 0; for (i = 1; i <= number; i++) on = on || $0 == "# " wanted[i] }
    { sub(/#.*/, "") }
    NF && (all || on) { print $1 }' "$list"
}

# Installs what scripts/packages.txt lists and is not there yet; asks apt only then. @param only under these headings
install_packages() {
  local wanted missing
  mapfile -t wanted < <(package_names scripts/packages.txt "$@")
  mapfile -t missing < <(
    { dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' "${wanted[@]}" 2>/dev/null || true; } |
      awk '$1 == "installed" { sub(/:.*/, "", $2); print $2 }' |
      sort -u | comm -13 - <(printf '%s\n' "${wanted[@]}" | sort -u)
  )
  if [ "${#missing[@]}" = 0 ]; then
    say "packages: all ${#wanted[@]} are there"
    return
  fi
  say "packages: installing ${missing[*]}"
  as_root apt-get update -qq || return
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The files that clang-format looks after, each ended by a zero byte; those not yet added to git too.
source_files() {
  git -c safe.directory="$root" ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' |
    while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done
}

# Open MPI on one machine with fewer cores than ranks: quick start, no binding, no spinning.
export_mpi_environment() {
  export OMPI_MCA_pml=ob1
  export OMPI_MCA_btl=self,vader
  export OMPI_MCA_rmaps_base_oversubscribe=1
  export OMPI_MCA_hwloc_base_binding_policy=none
  export OMPI_MCA_mpi_yield_when_idle=1
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}
