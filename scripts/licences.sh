#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lists the shared libraries that wheels, Debian and other packages, programs and libraries need and those that they contain, with
# the licences of the latter. Exits 1 if one of them is under the GPL alone, or of a licence that is not known here:
# what is passed on under Apache-2.0 must not need or contain such.
#   scripts/licences.sh FILE...
set -euo pipefail

gpl='^lib(fftw3?|gsl|gslcblas|readline|history|glpk|umfpack|cholmod|spqr|gdbm|x264|x265|xvidcore)[^a-z]'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

refuse() {
  printf '  NOT TO BE PASSED ON: %s\n' "$*"
  status=1
}

# licence_of LIBRARY: of those that a wheel may carry; fails for any other.
licence_of() {
  case $1 in
    libgomp[-.]* | libgcc_s[-.]* | libstdc++[-.]*)
      echo "GPL-3.0-or-later WITH GCC-exception-3.1: compiled programs may carry it under any licence" ;;
    libomp[-.]*) echo "Apache-2.0 WITH LLVM-exception" ;;
    *) return 1 ;;
  esac
}

# needs_of BINARY: the names that it asks for, and what the loader finds for these in turn, if it runs on this machine.
needs_of() {
  {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
    ldd "$1" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\).*/\1/p' || true
  } | sed 's#.*/##' | grep -E '^(lib|ld-).*\.so' | sort -u
}

check_binary() {
  local binary=$1 name=$2 needs library
  needs=$(needs_of "$binary" || true)
  printf '  %s needs:\n' "$name"
  fmt -w 110 <<<"${needs:-nothing}" | sed 's/^/    /'
  while read -r library; do
    refuse "$name needs $library, which is under the GPL"
  done < <(grep -E "$gpl" <<<"$needs" || true)
  if grep -aqE 'fftw-3\.|fftwf?_wisdom' "$binary"; then
    refuse "$name has FFTW compiled in, which is under the GPL"
  fi
}

# check_contents FOLDER: every binary of an unpacked package.
check_contents() {
  local binary name licence
  while IFS= read -r -d '' binary; do
    readelf -h "$binary" >/dev/null 2>&1 || continue
    name=$(basename "$binary")
    check_binary "$binary" "$name"
    case $name in
      _core.* | gnr-* | libgnr-* | *GaussNewtonRegistration*) continue ;; # our own
    esac
    if grep -qE "$gpl" <<<"$name"; then
      refuse "$name is contained, which is under the GPL"
    elif licence=$(licence_of "$name"); then
      printf '  %s is contained: %s\n' "$name" "$licence"
    else
      refuse "$name is contained, and its licence is not known to scripts/licences.sh"
    fi
  done < <(find "$1" -type f -print0 | sort -z)
}

# check_depends PACKAGE: the packages that a Debian package asks for by name.
check_depends() {
  local depends package
  depends=$(dpkg-deb --field "$1" Depends)
  printf '  asks for: %s\n' "${depends:-nothing}"
  while read -r package; do
    refuse "it asks for $package, which is under the GPL"
  done < <(tr -s ',| ' '\n' <<<"$depends" | grep -E "$gpl" || true)
}

[ $# -gt 0 ] || { echo "usage: scripts/licences.sh FILE..." >&2; exit 2; }
for file in "$@"; do
  printf '%s\n' "$(basename "$file")"
  folder=$(mktemp -d "$work/XXXXXX")
  case $file in
    *.whl)
      python3 -m zipfile -e "$file" "$folder"
      sed -n 's/^License\(-Expression\)\{0,1\}: /  licence: /p' "$folder"/*.dist-info/METADATA
      check_contents "$folder" ;;
    *.deb)
      dpkg-deb --extract "$file" "$folder"
      find "$folder" -path '*/doc/*/copyright*' -exec sed -n 's/^License: /  licence: /p' {} + | sort -u
      check_depends "$file"
      check_contents "$folder" ;;
    *.tar.gz)
      tar -xzf "$file" -C "$folder"
      check_contents "$folder" ;;
    *)
      readelf -h "$file" >/dev/null || exit 2
      check_binary "$file" "$(basename "$file")" ;;
  esac
done
exit $status
