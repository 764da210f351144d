#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts: messages, packages, and the steps of configuring and building.

# shellcheck disable=SC2034 # used by the scripts that source this file
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

# Debian 12 and newer, Ubuntu 24.04 and newer.
# shellcheck disable=SC2034
build_packages=(cmake ninja-build g++ pkg-config libinsighttoolkit5-dev libfftw3-dev libcli11-dev nlohmann-json3-dev)
# shellcheck disable=SC2034
picture_packages=(libvtk9-dev) # gnr-view; everything else builds without
# shellcheck disable=SC2034
mpi_packages=(libopenmpi-dev openmpi-bin) # gnr-mpi, several processes; everything else builds without
# shellcheck disable=SC2034
test_packages=(libgtest-dev libbenchmark-dev python3 "${picture_packages[@]}" "${mpi_packages[@]}")
# shellcheck disable=SC2034
python_packages=(dpkg-dev castxml swig python3-dev python3-numpy python3-mpi4py)

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# run_logged LOG WHAT COMMAND...: silent unless it fails; then the errors, or else the last lines, of the log.
run_logged() {
  local log=$1 what=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  if "$@" >"$log" 2>&1; then
    return 0
  fi
  show_failure "$log" "$what"
}

show_failure() {
  local log=$1 what=$2
  {
    if grep -qE '(^|: )(fatal )?error:|^FAILED:|^CMake Error' "$log"; then
      grep -nE -A 4 '(^|: )(fatal )?error:|^FAILED:|^CMake Error' "$log" | cut -c 1-400 | head -n 40
    else
      tail -n 20 "$log"
    fi
  } >&2
  fail "$what failed; the whole log is $log"
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages PACKAGE...: installs with apt-get what is missing; touches nothing when all is there.
need_packages() {
  local package missing=() sudo=()
  if [ -n "${GNR_SKIP_PACKAGES:-}" ]; then
    say "packages: not looked at (GNR_SKIP_PACKAGES is set)"
    return 0
  fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail "no apt on this system. Install what these Debian packages hold: $*. Then run this again with GNR_SKIP_PACKAGES=1"
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "packages: all $# are installed"
    return 0
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo. As root: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "packages: installing ${missing[*]}"
  run_logged "$root/build/apt.log" "apt-get update" \
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  run_logged "$root/build/apt.log" "apt-get install ${missing[*]}" \
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"
}

# steps_of LOG: "12 of 345 steps" from the last line of Ninja's, or nothing.
steps_of() {
  tail -c 20000 "$1" 2>/dev/null | sed -n 's#^\[\([0-9]*\)/\([0-9]*\)\].*#\1 of \2 steps#p' | tail -n 1
}

# run_counted LOG WHAT COMMAND...: as run_logged, and shows how far a build is: on a terminal all the time, elsewhere a
# line each minute, in continuous integration (CI is set) nothing. GNR_STEP_SECONDS: another time between the lines.
run_counted() {
  local log=$1 what=$2 interval=${GNR_STEP_SECONDS:-60} shown='' text status=0 pid next
  shift 2
  mkdir -p "$(dirname "$log")"
  : >"$log" # the command may take a moment to begin
  "$@" >"$log" 2>&1 &
  pid=$!
  next=$((SECONDS + interval))
  while kill -0 "$pid" 2>/dev/null; do
    text=$(steps_of "$log")
    if [ -n "$text" ] && [ "$text" != "$shown" ]; then
      if [ -t 1 ]; then
        printf '\r    %s\033[K' "$text"
        shown=$text
      elif [ -z "${CI:-}" ] && [ "$SECONDS" -ge "$next" ]; then
        printf '    %s\n' "$text"
        shown=$text
        next=$((SECONDS + interval))
      fi
    fi
    sleep 0.5
  done
  wait "$pid" || status=$?
  if [ -t 1 ] && [ -n "$shown" ]; then
    printf '\r\033[K'
  fi
  [ "$status" -eq 0 ] || show_failure "$log" "$what"
}

# configure PRESET [-DNAME=VALUE...]
configure() {
  local preset=$1
  shift
  say "configuring build/$preset"
  run_logged "$root/build/$preset.configure.log" "cmake --preset $preset" \
    env -C "$root" cmake --preset "$preset" "$@"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  local first=
  [ -f "$root/build/$preset.build.log" ] || first=", minutes the first time"
  say "building build/$preset on $jobs processors$first (log: build/$preset.build.log)"
  run_counted "$root/build/$preset.build.log" "the build" \
    cmake --build "$root/build/$preset" --parallel "$jobs" ${1:+--target "$@"}
}
