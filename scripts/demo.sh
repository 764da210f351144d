#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a registered pair: installs what is missing, builds, registers a pre-operative to an
# intra-operative brain image and draws what it found. Options are passed on to gnr-register, for example: scripts/demo.sh --beta 1e-3
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${picture_packages[@]}"
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

data=examples/data/pbnrr
cd "$root"
mkdir -p build/demo
rm -f build/demo/pair_* # of an earlier run, perhaps with other options
say "registering $data/moving_preop.nii.gz to $data/fixed_intraop.nii.gz"
# Tumour and cavity have no counterpart, and the two images differ in contrast: ten times the default smoothness.
[ $# -gt 0 ] || set -- --beta 0.02
build/release/bin/gnr-register "$data/fixed_intraop.nii.gz" "$data/moving_preop.nii.gz" \
  --moving-mask "$data/moving_mask.nii.gz" -o build/demo/pair "${picture[@]}" "$@" ||
  fail "gnr-register ended with exit code $?; its message stands above"
say "results, in $root/build/demo:"
for file in build/demo/pair_*; do
  printf '    %s (%s)\n' "${file##*/}" "$(du -h "$file" | cut -f 1)"
done
