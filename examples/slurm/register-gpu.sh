#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One registration on 4 nodes with 4 GPUs each, a process for each GPU. sbatch register-gpu.sh FIXED.nii MOVING.nii PREFIX
#SBATCH --job-name=gnr-register
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=4         # one process per GPU
#SBATCH --gpus-per-node=4           # all visible to all processes of a node: each takes the one of its number there.
                                    # Not --gpus-per-task with --gpu-bind: then each sees one, which does as well
#SBATCH --cpus-per-task=8           # reading, staging and MPI; the solve itself is on the GPU
#SBATCH --distribution=block:block  # neighbouring ranks on one node
#SBATCH --time=00:20:00
#SBATCH --exclusive
set -euo pipefail
[ $# -eq 3 ] || { echo "usage: sbatch $0 FIXED.nii MOVING.nii PREFIX" >&2; exit 2; }

# The plugin gnr-cuda needs cuFFT: a module of the cluster, or LD_LIBRARY_PATH.
gnr-register "$1" "$2" --dry-run --processes "$SLURM_NTASKS" --device cpu

# --device cuda, not auto: a node whose GPU does not work is to be told, not to be waited for.
srun --mpi=pmix gnr-register "$1" "$2" -o "$3" --device cuda --threads "$SLURM_CPUS_PER_TASK" \
  --streamed-input --streamed-output --time-limit 900
