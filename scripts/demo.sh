#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a registered pair: installs what is missing, builds, registers and draws what it found.
#   scripts/demo.sh            a brain to itself after a known deformation; the error in mm is told
#   scripts/demo.sh --tumour   brain images from before and during a tumour resection, of different contrast
# Further options are passed on to gnr-register, for example: scripts/demo.sh --preset accurate
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${picture_packages[@]}" python3
# A build folder that has tests keeps them; a new one does without, which is quicker.
if [ -f "$root/build/release/CMakeCache.txt" ]; then
  configure release
else
  configure release -DBUILD_TESTING=OFF
fi
# Without VTK (GNR_SKIP_PACKAGES) there is no gnr-view, and no picture.
picture=()
if cmake --build "$root/build/release" --target help | grep -w gnr-view >/dev/null; then
  picture=(--picture)
fi
build release gnr-register gnr-apply ${picture:+gnr-view}

cd "$root"
mkdir -p build/demo
rm -f build/demo/pair_* # of an earlier run, perhaps with other options
if [ "${1:-}" = --tumour ]; then
  shift
  data=examples/data/pbnrr
  fixed=$data/fixed_intraop.nii.gz moving=$data/moving_preop.nii.gz
  set -- --moving-mask "$data/moving_mask.nii.gz" --similarity mind "$@" # the contrast differs
else
  data=examples/data/brainweb_2mm
  fixed=$data/t1_tps.nii.gz moving=$data/t1.nii.gz
fi
say "registering $moving to $fixed"
build/release/bin/gnr-register "$fixed" "$moving" -o build/demo/pair ${picture[@]+"${picture[@]}"} "$@" ||
  fail "gnr-register ended with exit code $?; its message stands above"
if [ "$data" = examples/data/brainweb_2mm ]; then
  python3 scripts/demo_error.py build/demo/pair_displacement.nii.gz "$data"
fi
say "results, in $root/build/demo:"
for file in build/demo/pair_*; do
  printf '    %s (%s)\n' "${file##*/}" "$(du -h "$file" | cut -f 1)"
done
