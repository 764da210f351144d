#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages and checks them with lintian; they end in build/deb: the library, the programs with man pages,
# the files for developers and the plugin for MPI. Nothing in them is under the GPL: the Fourier transforms are ducc0's.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${mpi_packages[@]}" python3-venv dpkg-dev binutils file lintian
build=$root/build/deb-build
out=$root/build/deb
say "configuring build/deb-build"
run_logged "$build.configure.log" cmake cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
  -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR="lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)" \
  -DGaussNewtonRegistration_FFT=DUCC -DGaussNewtonRegistration_USE_VTK=OFF -DGaussNewtonRegistration_MPI=ON \
  -DGaussNewtonRegistration_PACKAGE=ON -DCMAKE_INSTALL_RPATH= -DCMAKE_INSTALL_RPATH_USE_LINK_PATH=OFF \
  -DCMAKE_SKIP_INSTALL_RPATH=ON
say "building on $jobs processors"
run_counted "$build.log" "the build" cmake --build "$build" --parallel "$jobs"
rm -rf "$out"
say "packing"
run_logged "$build.pack.log" cpack cpack --config "$build/CPackConfig.cmake" -B "$out"
rm -rf "$out/_CPack_Packages"
say "lintian"
lintian --fail-on error --tag-display-limit 0 "$out"/*.deb || fail "lintian found errors"
say "licences"
"$root/scripts/licences.sh" "$out"/*.deb || fail "the packages must not be passed on"
say "packages, in build/deb:"
(cd "$out" && ls -1 ./*.deb)
