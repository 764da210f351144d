#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One registration on 4 nodes of a cluster, a process for each socket. sbatch register-cpu.sh FIXED.nii MOVING.nii PREFIX
#SBATCH --job-name=gnr-register
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=2         # one process per socket: its threads share the memory that is near them
#SBATCH --cpus-per-task=64          # the cores of a socket; they become --threads below
#SBATCH --distribution=block:block  # neighbouring ranks on one node: slabs next to each other exchange halos most
#SBATCH --mem=0                     # all memory of the nodes; `gnr-register --dry-run --processes 8` tells what is needed
#SBATCH --time=01:00:00             # what --time-limit below must stay under, with reading and writing
#SBATCH --exclusive                 # no other job slows one process down, for which all others would wait
set -euo pipefail
[ $# -eq 3 ] || { echo "usage: sbatch $0 FIXED.nii MOVING.nii PREFIX" >&2; exit 2; }

# Threads that wait give their processor to the MPI library; each stays on its core.
export OMP_WAIT_POLICY=passive OMP_PROC_BIND=close OMP_PLACES=cores

# What it will need and send, before any time is spent; starts no process.
gnr-register "$1" "$2" --dry-run --processes "$SLURM_NTASKS" --threads "$SLURM_CPUS_PER_TASK"

# srun starts the processes and says to MPI who is who; --cpu-bind keeps each on its socket. Open MPI needs a Slurm with
# PMIx (srun --mpi=list), or `mpirun --map-by socket` in place of srun. --streamed-input and --streamed-output: each process
# reads and writes its own planes (of files without compression), so that nobody holds a whole image. --time-limit ends the
# solve in time to write the result so far (exit code 5).
srun --mpi=pmix --cpu-bind=sockets gnr-register "$1" "$2" -o "$3" --device cpu --threads "$SLURM_CPUS_PER_TASK" \
  --streamed-input --streamed-output --time-limit 3000
