#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Formats every source in place; with --check changes nothing and fails where a source is not formatted.
# Exit status 77: no clang-format-19 on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v clang-format-19 >/dev/null; then
  echo "skipped: clang-format-19 is not installed (apt-get install clang-format-19)"
  exit 77
fi
mapfile -t sources < <(find include src apps test examples benchmarks wrapping/wheel -type f \
  \( -name '*.h' -o -name '*.hxx' -o -name '*.cxx' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) 2>/dev/null | sort)
if [ "${1:-}" = --check ]; then
  # One line per file with the number of places, not every place.
  if complaints=$(clang-format-19 --style=file --dry-run -Werror "${sources[@]}" 2>&1); then
    echo "${#sources[@]} files are formatted"
  else
    grep ': error: ' <<<"$complaints" | cut -d : -f 1 | sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/\2: \1 places/' || true
    echo "not formatted; run scripts/format.sh"
    exit 1
  fi
else
  clang-format-19 --style=file -i "${sources[@]}"
  echo "formatted ${#sources[@]} files"
fi
