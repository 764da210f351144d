#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the plugin for NVIDIA GPUs with nvcc (12 or newer) into build/cuda, which fails where a kernel spills registers
# or has a stack frame, and runs the program of build/release with it: on a machine without a driver it must say so.
# Exit status 77: no nvcc on this machine. Arguments go to cmake, for example
#   scripts/cuda.sh -DGaussNewtonRegistration_CUDA_ARCHITECTURES=75
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

nvcc=$(command -v nvcc || ls -d "${CUDA_HOME:-/usr/local/cuda}"/bin/nvcc /usr/local/cuda-*/bin/nvcc /opt/cuda/bin/nvcc 2>/dev/null |
  head -n 1) || true
if [ -z "$nvcc" ] && [ -z "${CUDACXX:-}" ]; then
  say "skipped: no nvcc on PATH, in CUDA_HOME, /usr/local/cuda or /opt/cuda"
  exit 77
fi
need_packages "${build_packages[@]}" python3
configure cuda -DBUILD_TESTING=OFF -DGaussNewtonRegistration_BUILD_APPS=OFF "$@"
build cuda gnr-cuda
"$root/scripts/ptxas.py" table "$root/build/cuda" >"$root/build/cuda/ptxas.md"
say "no kernel spills registers or has a stack frame; build/cuda/ptxas.md has the table"
if [ -x "$root/build/release/bin/gnr-register" ]; then
  say "the program with the plugin"
  log=$root/build/cuda/device.log
  mkdir -p "$root/build/cuda/device"
  if ! env -C "$root/build/cuda/device" GNR_CUDA=ON GNR_PLUGIN_PATH="$root/build/cuda/lib" \
    GNR_REGISTER="$root/build/release/bin/gnr-register" GNR_APPLY="$root/build/release/bin/gnr-apply" \
    GNR_SLICER="$root/build/release/bin/GaussNewtonRegistration" \
    python3 -B "$root/test/cli/test_device.py" >"$log" 2>&1; then
    cat "$log"
    fail "the program does not do with the plugin what it should"
  fi
fi
