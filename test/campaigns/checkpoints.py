#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a run with checkpoints again and again: checkpoints.py KILLS FIXED MOVING [OPTION...]

gnr-register is ended by SIGKILL, with all its processes, at random moments, and started again, each time as 1, 3 or 2 processes in
turn, until it has come to its end. The displacement must be that of the undisturbed run within 1e-3 voxel, and the work, in seconds of
the processors, at most 1.15 times as much beside what was done between the last checkpoint and the kill. GNR_SEED chooses the moments."""
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import nifti  # noqa: E402
import support  # noqa: E402

VOXEL, WORK = 1e-3, 1.15
START = 0.5  # s of work of a process before its first step, about
TICKS = os.sysconf("SC_CLK_TCK")
PROCESSES = (1, 1, 3, 2)  # of the runs, in turn


class Run:
    def __init__(self, folder, arguments, prefix, processes):
        launch = ("--processes", processes) if processes > 1 else ()
        command = [support.program("GNR_REGISTER"), *arguments, "-o", folder / prefix, *launch]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        start_new_session=True)
        self.seen = {}

    def members(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                    fields = stat.read().rpartition(") ")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                yield int(pid), (int(fields[11]) + int(fields[12])) / TICKS

    def work(self):
        """Seconds of all processes so far."""
        self.seen.update(self.members())
        return sum(self.seen.values())

    def kill(self):
        for pid, _ in list(self.members()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        while list(self.members()):
            time.sleep(0.01)

    def text(self):
        self.log.seek(0)
        return self.log.read()


def follow(run, checkpoint, until):
    """Work so far, and at the last checkpoint, when the run has ended or has worked for `until` seconds."""
    saved, stamp, work = 0.0, None, 0.0
    while run.process.poll() is None and work < until:
        work = run.work()
        try:
            now = os.stat(checkpoint).st_mtime_ns
        except FileNotFoundError:
            now = None
        if stamp is not None and now != stamp:
            saved = work
        stamp = now if now is not None else 0
        time.sleep(0.05)
    return run.work(), saved


def largest_difference(a, b):
    """In voxels."""
    a, b = nifti.read(a), nifti.read(b)
    lengths = [math.sqrt(sum(a.matrix[r][c] ** 2 for r in range(3))) for c in range(3)]
    most = max(max(map(lambda x, y: abs(x - y), p, q)) for p, q in zip(a.components, b.components))
    return most / min(lengths)


def main():
    kills, fixed, moving, *options = int(sys.argv[1]), *sys.argv[2:]
    chance = random.Random(os.environ.get("GNR_SEED", "1"))
    folder = Path(tempfile.mkdtemp(prefix="checkpoints-"))
    arguments = (fixed, moving, "--device", "cpu", *options)
    whole = Run(folder, arguments, "whole", 1)
    expected, _ = follow(whole, folder / "none", math.inf)
    if whole.process.returncode != 0:
        sys.exit(f"the undisturbed run fails: {whole.text()}")
    prefix = folder / "checkpoint"
    total = lost = 0.0
    done = resumed = 0
    while True:
        processes = PROCESSES[done % len(PROCESSES)] if os.environ.get("GNR_MPIEXEC") else 1
        run = Run(folder, (*arguments, "--checkpoint", prefix, "--checkpoint-interval", 0), "killed", processes)
        share = chance.uniform(0.1, 2.0) * expected / kills if done < kills else math.inf
        work, saved = follow(run, f"{prefix}.gnr", START * processes + share)
        total += work
        resumed += "goes on from the checkpoint" in run.text()
        if run.process.poll() is not None:
            break
        run.kill()
        lost += work - saved
        done += 1
        print(f"kill {done} as {processes} processes after {work:.1f} s of work, {work - saved:.1f} s of it lost", flush=True)
    if run.process.returncode != 0:
        sys.exit(f"the last run fails: {run.text()}")
    names = [folder / f"{name}_displacement.nii.gz" for name in ("whole", "killed")]
    difference = largest_difference(*names)
    left = [p.name for p in folder.iterdir() if p.name.startswith(".") or p.name.startswith("checkpoint")]
    print(f"checkpoints: {done} kills, {resumed} runs went on; {difference:.1e} voxel apart; work {total:.1f} s, {lost:.1f} s of it lost, "
          f"undisturbed {expected:.1f} s: {(total - lost) / expected:.2f} times")
    shutil.rmtree(folder)
    faults = {"the results differ": difference > VOXEL, "too much work": total - lost > WORK * expected,
              f"left behind: {left}": left, "it ended before all kills": done < kills}
    if any(faults.values()):
        sys.exit("failed: " + "; ".join(fault for fault, is_there in faults.items() if is_there))


if __name__ == "__main__":
    main()
