#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One registration that outlives the time of its job, a preemption and the failure of a node: it saves itself, and the job
# puts itself back into the queue. sbatch register-requeue.sh FIXED.nii MOVING.nii PREFIX [OPTIONS OF gnr-register]
#SBATCH --job-name=gnr-register
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2         # the next run may have others: a checkpoint is of no number of processes
#SBATCH --cpus-per-task=64
#SBATCH --distribution=block:block
#SBATCH --time=01:00:00
#SBATCH --signal=USR1@120           # two minutes before the end the processes of srun write a checkpoint and go on
#SBATCH --requeue                   # after a node has failed, or the job was preempted, Slurm starts it again
#SBATCH --open-mode=append          # all runs in one file of output
set -uo pipefail
[ $# -ge 3 ] || { echo "usage: sbatch $0 FIXED.nii MOVING.nii PREFIX [OPTIONS]" >&2; exit 2; }
fixed=$1 moving=$2 prefix=$3
shift 3

# At the end of its time Slurm sends SIGTERM to all, also to this script, which has to wait for gnr-register: that writes
# a checkpoint and the result so far, and ends with 75. Not trap '', which gnr-register would inherit.
trap : TERM USR1

srun --mpi=pmix gnr-register "$fixed" "$moving" -o "$prefix" --threads "$SLURM_CPUS_PER_TASK" --streamed-input --streamed-output \
  --checkpoint "${prefix}_checkpoint" --requeue-exit-code 75 "$@"
code=$?

# Not after an error: it would come again.
if [ $code -eq 75 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit $code
