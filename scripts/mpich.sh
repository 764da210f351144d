#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By hand, on Debian or Ubuntu: builds the plugin for several processes and its tests with MPICH instead of Open MPI, into
# build/mpich, and runs them. Both libraries can be installed side by side. Arguments go to ctest.
set -euo pipefail
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages "${build_packages[@]}" "${test_packages[@]}" mpich libmpich-dev
configure mpich -DBUILD_TESTING=ON -DGaussNewtonRegistration_BUILD_APPS=OFF -DGaussNewtonRegistration_MPI=ON \
  -DMPI_C_COMPILER=mpicc.mpich -DMPIEXEC_EXECUTABLE="$(command -v mpiexec.mpich)"
build mpich gnr-mpi gnr-mpi-tests gnr-mpi-host-tests
say "testing with MPICH"
cd "$root/build/mpich"
exec ctest --output-on-failure --no-tests=error -L mpi "$@"
