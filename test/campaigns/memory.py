#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs under limits of memory (ulimit -v), from what they take to begin (--version) to enough: memory.py STEPS

At each step a program ends with 0, or with 3, one sentence and nothing written."""
import collections
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import nifti  # noqa: E402
import support  # noqa: E402

SIZE = (32, 32, 32)
KIB = 1024


class Campaign:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="memory-"))
        nifti.write_wave_pair(self.folder, SIZE, (0.3, 0.25, 0.35), 0.5)
        nifti.write(self.folder / "u.nii", SIZE, [[0.5] * math.prod(SIZE)] * 3, "f")
        register, apply = support.program("GNR_REGISTER"), support.program("GNR_APPLY")
        solve = [register, "fixed.nii", "moving.nii", "-o", "pair", "--iterations", "1", "--quiet"]
        self.commands = [[*solve, "--threads", "1", "--inverse", "--composite"], [*solve, "--threads", "3", "--determinant"],
                         [*solve, "--threads", "2", "--initial-transform", "rigid"],
                         [apply, "-t", "u.nii", "-i", "moving.nii", "-o", "w.nii.gz", "--interpolation", "cubic", "--quiet"]]
        self.inputs = sorted(os.listdir(self.folder))
        self.counts = collections.Counter()
        self.failures = []

    def run(self, command, kib):
        def limit():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (kib * KIB, kib * KIB))

        run = subprocess.run(command, preexec_fn=limit, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, errors="replace")
        names = sorted(os.listdir(self.folder))
        for name in set(names) - set(self.inputs):
            (self.folder / name).unlink()
        return run.returncode, run.stderr, names

    def bisect(self, low, high, holds):
        while high - low > 64:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle, high)
        return high

    def through(self, command, steps):
        # Below, the loader and the initialisers of libraries end a program before it has begun.
        least = self.bisect(20 * KIB, 400 * KIB, lambda k: self.run([command[0], "--version"], k)[0] == 0)
        enough = self.bisect(least, 1200 * KIB, lambda k: self.run(command, k)[0] == 0)
        for step in range(steps):
            kib = least + (enough + 2 * KIB - least) * step // max(1, steps - 1)
            code, error, names = self.run(command, kib)
            faults = []
            if code not in (0, 3):
                faults.append(f"ends with {code}")
            if code == 3 and not re.fullmatch(r"[\w-]+: error: [^\n]+\n", error):
                faults.append("says no sentence")
            if code == 3 and names != self.inputs:
                faults.append(f"leaves {sorted(set(names) - set(self.inputs))}")
            self.counts[code] += 1
            if faults:
                self.failures.append(f"{kib} KiB of {least} to {enough}: {', '.join(faults)}: {' '.join(command)}: {error[-300:]!r}")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    steps = int(sys.argv[1])
    campaign = Campaign()
    start = time.monotonic()
    for command in campaign.commands:
        campaign.through(command, steps)
    campaign.close()
    print(f"memory: {steps} steps of {len(campaign.commands)} commands in {time.monotonic() - start:.0f} s, by exit code "
          f"{dict(campaign.counts)}")
    for failure in campaign.failures[:30]:
        print(failure)
    if campaign.failures:
        sys.exit(f"{len(campaign.failures)} failed")


if __name__ == "__main__":
    main()
