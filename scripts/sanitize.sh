#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer into build/sanitize and runs the tests of the core and of
# the ITK layer. With `cuda` as the first argument: the CUDA kernels on an emulated device, against the reference, in a
# registration and where a device fails, in build/cuda-emulated-sanitize. Further arguments are passed on to ctest.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${test_packages[@]}"
if [ "${1:-}" = cuda ]; then
  shift
  configure cuda-emulated-sanitize -DBUILD_TESTING=ON -DGaussNewtonRegistration_BUILD_APPS=OFF
  build cuda-emulated-sanitize gnr-core-tests gnr-cuda-tests
  say "testing the CUDA kernels under the sanitizers"
  cd "$root"
  # Those that compare a kernel with the reference, what the emulation catches, small registrations, and every call that
  # can fail, failing, where the host must not leak either: four minutes. Not what expects a crash, which the sanitizer
  # reports in its own way, and not the registrations that compare with the CPU: the emulated device runs one thread at a
  # time, and they call no kernel in another way.
  exec ctest --preset cuda-emulated-sanitize --no-tests=error \
    -R '^Kernels.*Cuda|/Cuda|^Emulation\.|^CudaFailure\.|^CudaSolve\.(TheOrder|Plans|IsPlanned)' "$@"
fi
configure sanitize -DBUILD_TESTING=ON
build sanitize
say "testing under the sanitizers"
cd "$root"
exec ctest --preset sanitize -L 'core|itk' --no-tests=error "$@"
