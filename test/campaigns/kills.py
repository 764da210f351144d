#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the programs at random moments: kills.py COUNT [SEED]

gnr-register alone, as three processes, gnr-apply, and the module of 3D Slicer with three workers take turns. Each begins
with the results of another call in place. Whoever is hit by SIGKILL (the program, one of its processes or all), then

 - no process of it is left,
 - under the final names are either all old results or all new ones, complete,
 - the next run succeeds, and leaves nothing but the results, neither here nor in /dev/shm and TMPDIR.

GNR_REGISTER, GNR_APPLY, GNR_SLICER name the programs; without GNR_MPIEXEC only one process is tried."""
import collections
import gzip
import json
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

SIZE = (32, 32, 32)
GONE = 60  # s, for the processes of a run to go on a busy machine
OURS = ("gnr-", "ompi.", "vader_segment.", "sm_segment.")  # names of what a run may leave in /dev/shm and TMPDIR
SOLVE = ("--levels", "2", "--iterations", "2", "--threads", "1", "--device", "cpu")


class Kind:
    """A program with its arguments, and what it writes."""

    def __init__(self, name, command, results):
        self.name = name
        self.command = command  # beta -> arguments
        self.results = results


def kinds(folder):
    register, apply, slicer = (support.program(v) for v in ("GNR_REGISTER", "GNR_APPLY", "GNR_SLICER"))
    images = (folder / "fixed.nii", folder / "moving.nii")
    names = [f"pair_{n}" for n in ("displacement.nii.gz", "inverse_displacement.nii.gz", "velocity.nii.gz", "warped.nii.gz",
                                   "determinant.nii.gz", "report.json")]

    def solve(*more):
        return lambda beta: [register, *images, "-o", "out/pair", "--inverse", "--velocity", "--determinant", "--quiet", *SOLVE,
                             "--beta", beta, *more]

    result = [Kind("register", solve(), names),
              Kind("apply", lambda beta: [apply, "-t", folder / f"u{beta}.nii", "-i", images[1], "-o", "out/w.nii.gz", "--jacobian",
                                          "out/j.nii.gz", "--threads", 1, "--quiet"], ["w.nii.gz", "j.nii.gz"])]
    if os.environ.get("GNR_MPIEXEC"):
        result.append(Kind("register, 3 processes", solve("--processes", 3), names))
        result.append(Kind("3 workers", lambda beta: [slicer, "--processes", 3, "--output-transform", "out/t.h5", "--output-volume",
                                                      "out/w.nii.gz", *SOLVE, "--beta", beta, *images], ["t.h5", "w.nii.gz"]))
    return result


class Campaign:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(prefix="kills-"))
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.environment = {**os.environ, "TMPDIR": str(self.temporary)}
        nifti.write_wave_pair(self.folder, SIZE, (0.3, 0.25, 0.35), 0.5)
        for beta, value in (("0.01", 0.5), ("0.001", 0.75)):
            nifti.write(self.folder / f"u{beta}.nii", SIZE, [[value] * SIZE[0] * SIZE[1] * SIZE[2]] * 3, "f")
        self.counts = collections.Counter()
        self.failures = []
        self.kinds = kinds(self.folder)
        self.expected = {}  # (kind, beta): results
        self.seconds = {}
        self.shared = self.in_shared_memory()
        for kind in self.kinds:
            for beta in ("0.01", "0.001"):
                shutil.rmtree(self.folder / "out", ignore_errors=True)
                start = time.monotonic()
                self.run_through(kind, beta)
                self.seconds[kind.name] = time.monotonic() - start
                self.expected[kind.name, beta] = self.contents()
                shutil.copytree(self.folder / "out", self.saved(kind, beta))
                assert set(self.expected[kind.name, beta]) == set(kind.results), self.expected[kind.name, beta].keys()

    def saved(self, kind, beta):
        """A copy of the results."""
        return self.folder / "saved" / f"{kind.name} {beta}"

    def start(self, kind, beta):
        return subprocess.Popen([str(c) for c in kind.command(beta)], cwd=self.folder, env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                start_new_session=True)

    def run_through(self, kind, beta):
        run = self.start(kind, beta)
        _, error = run.communicate()
        if run.returncode != 0:
            raise RuntimeError(f"{kind.name} ends with {run.returncode}: {error}")

    def processes(self, session):
        pids = []
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                    state, _, _, its = stat.read().rpartition(") ")[2].split()[:4]
            except OSError:
                continue
            if int(its) == session and state not in "ZX":
                pids.append(pid)
        return pids

    def contents(self):
        """What is in the folder of the results, by name; what differs from run to run (times, numbers of processes) is left
        out."""
        found = {}
        for path in (self.folder / "out").iterdir():
            if path.name.startswith("."):
                continue
            data = path.read_bytes()
            if path.suffix == ".json":
                data = json.loads(data)["options"]["beta"]
            elif path.suffix == ".gz":
                data = gzip.decompress(data)
            elif path.suffix == ".h5":
                data = len(data)
            found[path.name] = data
        return found

    @staticmethod
    def in_shared_memory():
        return {name for name in os.listdir("/dev/shm") if name.startswith(OURS)}

    def leftovers(self, owners):
        """What is left of processes of a run: here, in TMPDIR, and in /dev/shm under one of their numbers."""
        out = [p.name for p in (self.folder / "out").iterdir() if p.name.startswith(".")]
        shared = [n for n in self.in_shared_memory() - self.shared if any(f"-{pid}-" in n for pid in owners)]
        return out + sorted(p.name for p in self.temporary.iterdir()) + shared

    def one(self, number):
        kind = self.kinds[number % len(self.kinds)]
        old, new = self.chance.sample(("0.01", "0.001"), 2)
        victim = self.chance.choice(("program", "one", "all"))
        delay = self.chance.uniform(0.0, 1.1) * self.seconds[kind.name]
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        shutil.copytree(self.saved(kind, old), self.folder / "out")
        run = self.start(kind, new)
        try:
            run.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        owners = self.processes(run.pid)
        targets = {"program": [run.pid], "all": owners, "one": owners and [self.chance.choice(owners)]}[victim]
        hit = run.poll() is None
        for pid in targets if hit else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        run.communicate()
        faults = []
        end = time.monotonic() + GONE
        while self.processes(run.pid) and time.monotonic() < end:
            time.sleep(0.05)
        if self.processes(run.pid):
            faults.append(f"processes are left: {self.processes(run.pid)}")
        try:
            state = {json.dumps(b): self.contents() == self.expected[kind.name, b] for b in (old, new)}
            if not any(state.values()):
                faults.append(f"the results are neither the old nor the new ones: {sorted(self.contents())}")
        except (OSError, ValueError, EOFError) as error:
            faults.append(f"a result is damaged: {error}")
        scratch = self.leftovers([run.pid, *owners])
        try:
            self.run_through(kind, new)
            if self.contents() != self.expected[kind.name, new]:
                faults.append("the next run has other results")
        except RuntimeError as error:
            faults.append(f"the next run fails: {error}")
        left = self.leftovers([run.pid, *owners])
        if left:
            faults.append(f"left behind after the next run: {left}")
        self.counts["runs"] += 1
        self.counts["hit while alive"] += hit
        self.counts["left scratch that the next run removed"] += bool(scratch) and not left
        if faults:
            self.failures.append(f"{number} ({kind.name}, {victim} after {delay:.2f} s): {'; '.join(faults)}")
            print(self.failures[-1], flush=True)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    count, seed = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1"
    campaign = Campaign(seed)
    start = time.monotonic()
    for number in range(count):
        campaign.one(number)
        if number % 10 == 9:
            print(f"{number + 1} kills, {time.monotonic() - start:.0f} s", flush=True)
    campaign.close()
    print(f"kills: {dict(campaign.counts)} in {time.monotonic() - start:.0f} s")
    if campaign.failures:
        sys.exit(f"{len(campaign.failures)} of {count} failed")


if __name__ == "__main__":
    main()
