#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer into build/sanitize and runs the tests of the core and of
# the ITK layer. Arguments are passed on to ctest.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${test_packages[@]}"
configure sanitize -DBUILD_TESTING=ON
build sanitize
say "testing under the sanitizers"
cd "$root"
exec ctest --preset sanitize -L 'core|itk' --no-tests=error "$@"
