#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What breaks programs, many times over, on those of build/release:
#   scripts/campaign.sh kills 200 [SEED]            SIGKILL at random moments (test/campaigns/kills.py)
#   scripts/campaign.sh allocations 2000 [SEED]     allocations that fail
#   scripts/campaign.sh memory 100                  limits of memory, in so many steps
#   scripts/campaign.sh checkpoints 10 FIXED MOVING [OPTION...]   killed and started again until it is done
#   scripts/campaign.sh mutations 20000 [SEED]      damaged files (test/fuzz/mutations.py)
# The tests run short versions of them (test/cli/test_campaigns.py).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
view=$build/bin/gnr-view
[ -x "$view" ] || view=
mpiexec=$(sed -n 's/^MPIEXEC_EXECUTABLE:[A-Z]*=//p' "$build/CMakeCache.txt")
[ -e "$build/lib/gnr-mpi.so" ] || mpiexec=
script=$root/test/campaigns/${1:?which one: kills, allocations, memory, checkpoints or mutations}.py
[ "$1" != mutations ] || script=$root/test/fuzz/mutations.py
[ -e "$script" ] || { echo "there is no campaign '$1'" >&2; exit 2; }
export GNR_REGISTER=$build/bin/gnr-register GNR_APPLY=$build/bin/gnr-apply GNR_VIEW=$view \
  GNR_SLICER=$build/bin/GaussNewtonRegistration GNR_MPIEXEC=$mpiexec \
  GNR_ALLOCATION_SHIM=$build/lib/libgnr-failing-allocation.so
exec nice -n 10 python3 -B "$script" "${@:2}"
