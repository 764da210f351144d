#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the module of 3D Slicer as its superbuild does (slicer/), but against the ITK of this system: the same components,
# folders and Fourier transforms, in build/slicer-package. Checks what is in the package and runs the module from there. In
# place of Slicer's ITK the program needs that of the distribution, so that the package is for this system alone.
#   scripts/slicer.sh [SERIES]     of Slicer, which its folders are named after; default: 5.8
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

series=${1:-5.8}
need_packages "${build_packages[@]}" python3-venv binutils file
build=$root/build/slicer
out=$root/build/slicer-package
name=GaussNewtonRegistration-slicer$series-linux-$(uname -m)
libraries=lib/Slicer-$series
say "configuring build/slicer"
run_logged "$build.configure.log" cmake cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
  -DGaussNewtonRegistration_FFT=DUCC -DGaussNewtonRegistration_USE_VTK=OFF -DGaussNewtonRegistration_MPI=OFF \
  -DITK_INSTALL_RUNTIME_DIR="$libraries/cli-modules" -DITK_INSTALL_LIBRARY_DIR="$libraries"
say "building on $jobs processors"
run_counted "$build.log" "the build" cmake --build "$build" --parallel "$jobs" --target gnr-slicer
rm -rf "$out"
say "packing"
# The components are those of slicer/CMakeLists.txt.
projects=$(grep -oE 'GaussNewtonRegistration;(RuntimeLibraries|SlicerModule);/' "$root/slicer/CMakeLists.txt" |
  sed "s#^#$build;#" | paste -s -d ';')
mkdir -p "$out"
(cd "$out" && run_logged "$build.pack.log" cpack cpack -G TGZ -B "$out" -D CPACK_INSTALL_CMAKE_PROJECTS="$projects" \
  -D CPACK_PACKAGE_NAME=GaussNewtonRegistration -D CPACK_PACKAGE_FILE_NAME="$name" -D CPACK_STRIP_FILES=ON \
  -D CPACK_PACKAGE_DESCRIPTION_FILE="$root/slicer/README.md" -D CPACK_CMAKE_GENERATOR=Ninja \
  -D CPACK_PACKAGE_VERSION="$(sed -n 's/^  VERSION \([0-9.]*\)$/\1/p' "$root/CMakeLists.txt")")
rm -rf "$out/_CPack_Packages"
say "licences"
"$root/scripts/licences.sh" "$out/$name.tar.gz" || fail "the package must not be passed on"
say "trying it out"
trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
tar -xzf "$out/$name.tar.gz" -C "$trial"
modules=$trial/$name/$libraries/cli-modules
for text in LICENSE LICENSE.ducc0 LICENSE.CLI11 LICENSE.nlohmann_json; do
  [ -s "$trial/$name/share/doc/GaussNewtonRegistration/$text" ] || fail "the package has no share/doc/GaussNewtonRegistration/$text"
done
[ "$(ls "$modules")" = GaussNewtonRegistration ] || fail "Slicer takes every program in $libraries/cli-modules for a module"
ldd "$modules/GaussNewtonRegistration" | grep -F "$trial/$name/$libraries" >/dev/null || fail "the program does not find its library"
data=$root/examples/data/brainweb_2mm
run_logged "$build.trial.log" "the module" python3 "$root/examples/slicer/run_module.py" "$modules/GaussNewtonRegistration" \
  fixedVolume="$data/t1_tps.nii.gz" movingVolume="$data/t1.nii.gz" outputTransform="$trial/pair_displacement.nii.gz"
python3 "$root/scripts/demo_error.py" "$trial/pair_displacement.nii.gz" "$data"
say "package: build/slicer-package/$name.tar.gz ($(($(stat -c %s "$out/$name.tar.gz") / 1024)) KB)"
