#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds everything into build/release and runs every test; then the tests of the CUDA kernels
# on an emulated device, in build/cuda-emulated. Arguments are passed on to ctest, for build/release alone, for example:
# scripts/test.sh -L core. GNR_EXTRA_TEST_DATA=<folder> adds the tests that need further image pairs.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${test_packages[@]}"
# The style is checked where the formatter is at hand, or can be had.
if ! command -v clang-format-19 >/dev/null && [ -z "${GNR_SKIP_PACKAGES:-}" ] &&
  apt-cache show clang-format-19 >/dev/null 2>&1; then
  need_packages clang-format-19
fi
# The benchmarks are only compiled: they change with the kernels that they measure.
configure release -DBUILD_TESTING=ON -DGaussNewtonRegistration_BUILD_BENCHMARKS=ON \
  -DGNR_EXTRA_TEST_DATA="${GNR_EXTRA_TEST_DATA:-}"
build release
say "testing (ctest -j2)"
cd "$root/build/release"
if [ $# -gt 0 ]; then
  exec ctest -j2 --output-on-failure --no-tests=error "$@"
fi
ctest -j2 --output-on-failure --no-tests=error

configure cuda-emulated -DBUILD_TESTING=ON -DGaussNewtonRegistration_BUILD_APPS=OFF
build cuda-emulated gnr-core-tests gnr-cuda-tests
say "testing the CUDA kernels on an emulated device (ctest -j2)"
cd "$root/build/cuda-emulated"
# What runs on the other backends was tested above.
exec ctest -j2 --output-on-failure --no-tests=error -L 'core|cuda' \
  -E '/(Cpu|Reference)|^(Arena|FieldMemory|BetaSearch|.*Distribut|KernelsThreads|MemoryPlan|FurtherPairs|Observed|Options|Registration|Strategies|Incompressibility|DensityExponent)'
