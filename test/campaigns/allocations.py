#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets allocations of the programs fail: allocations.py COUNT [SEED]

By a library for LD_PRELOAD (GNR_ALLOCATION_SHIM, of failingAllocation.c) one call of malloc and its like, or that call and all
after it, find no memory; the first calls in turn, and others drawn at random over the whole run. Whatever happens, a program
ends with 0 and its complete results, or with 3, one sentence, and nothing written."""
import collections
import math
import os
import random
import re
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
CHECKPOINTS = {"c.gnr", "c.previous.gnr"}  # of a run that has failed they stay
LIMIT = 120  # s for a run that hangs
# The program starts itself once more to set these; what fails then fails in the loader, not in the program.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "3000", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}


class Campaign:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.shim = support.program("GNR_ALLOCATION_SHIM")
        self.folder = Path(tempfile.mkdtemp(prefix="allocations-"))
        nifti.write_wave_pair(self.folder, SIZE, (0.3, 0.25, 0.35), 0.5)
        nifti.write(self.folder / "u.nii", SIZE, [[0.5] * math.prod(SIZE)] * 3, "f")
        (self.folder / "p.csv").write_text("x,y,z\n1,2,3\n4,5,6\n")
        register, apply = support.program("GNR_REGISTER"), support.program("GNR_APPLY")
        solve = [register, "fixed.nii", "moving.nii", "-o", "out/pair", "--levels", "1", "--iterations", "1", "--threads", "1",
                 "--device", "cpu", "--quiet"]
        self.commands = [[*solve, "--inverse", "--composite"], [*solve, "--initial-transform", "moments", "--checkpoint", "c"],
                         [apply, "-t", "u.nii", "-i", "moving.nii", "-o", "out/w.nii.gz", "--jacobian", "out/j.nii.gz", "--threads",
                          "1", "--quiet"],
                         [apply, "-t", "u.nii", "--invert", "--points", "p.csv", "--points-output", "out/q.csv", "--quiet"]]
        self.totals = []
        self.results = []
        for command in self.commands:
            code, error = self.run(command, GNR_ALLOCATION_COUNT=str(self.folder / "count"))
            if code != 0:
                raise RuntimeError(f"{command} ends with {code}: {error}")
            self.totals.append(int((self.folder / "count").read_text()))
            self.results.append(self.names())
            self.clear()
        (self.folder / "out").mkdir()
        self.inputs = self.names()
        self.counts = collections.Counter()
        self.failures = []

    def names(self):
        return sorted(os.path.relpath(os.path.join(f, n), self.folder) for f, d, names in os.walk(self.folder)
                      for n in [*d, *names] if n != "count")

    def clear(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        for path in self.folder.glob("c*.gnr"):
            path.unlink()

    def run(self, command, **variables):
        (self.folder / "out").mkdir(exist_ok=True)
        try:
            run = subprocess.run(command, cwd=self.folder, env={**os.environ, **ENVIRONMENT, "LD_PRELOAD": self.shim, **variables},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 errors="replace", timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return "a hang", ""
        return run.returncode, run.stderr

    def one(self, number):
        which = number % len(self.commands)
        turn = number // len(self.commands)
        total = self.totals[which]
        # A third of them in turn, the others spread over the orders of magnitude.
        call = turn // 3 + 1 if turn % 3 == 0 else round(math.exp(self.chance.uniform(0, math.log(total))))
        variables = {"GNR_ALLOCATION": str(call)}
        if self.chance.random() < 0.5:
            variables["GNR_ALLOCATION_ONCE"] = "1"
        code, error = self.run(self.commands[which], **variables)
        names = self.names()
        faults = []
        if code not in (0, 3):
            faults.append(f"ends with {code}")
        if code == 3 and not re.fullmatch(r"[\w-]+: error: [^\n]+\n", error):
            faults.append("says no sentence")
        if code == 0 and error:
            faults.append("prints on standard error")
        if code == 0 and set(names) - CHECKPOINTS != set(self.results[which]):
            faults.append(f"has other results: {names}")
        if code != 0 and set(names) - CHECKPOINTS != set(self.inputs):
            faults.append(f"leaves {sorted(set(names) - set(self.inputs))}")
        self.clear()
        self.counts[code] += 1
        if faults:
            how = "alone" if "GNR_ALLOCATION_ONCE" in variables else "and all after it"
            self.failures.append(f"{number}, call {call} of {total} {how}: {', '.join(faults)}: "
                                 f"{' '.join(map(str, self.commands[which]))}: {error[-300:]!r}")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    count, seed = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1"
    campaign = Campaign(seed)
    start = time.monotonic()
    for number in range(count):
        campaign.one(number)
    campaign.close()
    print(f"allocations: {count} runs in {time.monotonic() - start:.0f} s, by exit code {dict(campaign.counts)}, of "
          f"{', '.join(map(str, campaign.totals))} calls")
    for failure in campaign.failures[:30]:
        print(failure)
    if campaign.failures:
        sys.exit(f"{len(campaign.failures)} of {count} failed")


if __name__ == "__main__":
    main()
