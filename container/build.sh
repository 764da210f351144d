#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# First stage of the images: builds the programs into /opt/gnr and lists the packages that they need at run time in
# /opt/gnr/packages. Nothing of this project in them is under the GPL: the Fourier transforms are ducc0's.
#   container/build.sh MPI CUDA     ON or OFF each
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/setup.sh"
[ $# -eq 2 ] || fail "usage: container/build.sh MPI CUDA, ON or OFF each"
mpi=$1 cuda=$2
prefix=/opt/gnr

packages=("${build_packages[@]}" python3 python3-venv ca-certificates)
[ "$mpi" = OFF ] || packages+=("${mpi_packages[@]}")
need_packages "${packages[@]}"
cmake -S "$root" -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DGaussNewtonRegistration_FFT=DUCC \
  -DGaussNewtonRegistration_USE_VTK=OFF -DGaussNewtonRegistration_MPI="$mpi" -DGaussNewtonRegistration_CUDA="$cuda"
cmake --build /build
cmake --install /build --prefix $prefix --strip
rm -rf $prefix/include $prefix/lib/cmake

# Plugins are opened at run time, so that what they need is not in the list of the programs. Debian installs libraries
# without the permission to be executed.
find $prefix -type f \( -perm -u+x -o -name '*.so*' \) -print0 | xargs -0 ldd | awk '/=> \// { print $3 }' | sort -u |
  while read -r library; do
    case $library in "$prefix"/*) continue ;; esac
    # Older systems know some libraries under the name without /usr only.
    { dpkg -S "$(readlink -f "$library")" 2>/dev/null || dpkg -S "$library"; } | sed -n '/^diversion by/!s/:.*//p'
  done | sort -u >$prefix/packages
[ "$mpi" = OFF ] || echo openmpi-bin >>$prefix/packages
