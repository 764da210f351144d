#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the programs on inputs that were damaged at random: mutations.py COUNT [SEED]

Whatever the input, a program ends with 0 or 2, after at most 20 s, with one sentence where it refuses, and takes at most
100 MB more than with the input as it was. GNR_REGISTER, GNR_APPLY, GNR_VIEW name the programs (GNR_VIEW may be empty).
An input that fails is kept in the folder that is named in the end."""
import collections
import concurrent.futures
import gzip
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import make_corpus  # noqa: E402
import nifti  # noqa: E402
import support  # noqa: E402

LIMIT = 20.0  # s
BEYOND = 100 * 1024  # kB
NUMBERS = [b"0", b"-1", b"1e308", b"1e999", b"nan", b"4294967296", b"18446744073709551616", b"1e-320", b"0.5", b"2147483647"]
SIZE = (14, 12, 10)


def extreme(chance):
    width = chance.choice("bhiqfd")
    if width in "fd":
        value = chance.choice([0.0, -1.0, float("nan"), float("inf"), 1e30, -1e-30, 1e38])
    else:
        bits = 8 * struct.calcsize(width)
        value = chance.choice([0, -1, 1, 2 ** (bits - 1) - 1, -2 ** (bits - 1), 3, 100])
    return struct.pack(chance.choice("<>") + width, value)


def mutate_once(raw, chance):
    """Headers are hit more often than voxels."""
    if not raw:
        return bytearray(b"\0")
    at = chance.randrange(min(len(raw), chance.choice([16, 64, 352, 352, 1 << 30])))
    kind = chance.randrange(9)
    if kind == 0:
        raw[at] ^= 1 << chance.randrange(8)
    elif kind in (1, 2):
        value = extreme(chance)
        raw[at:at + len(value)] = value
    elif kind == 3:
        del raw[at:]
    elif kind == 4:
        del raw[at:at + chance.choice([1, 2, 4, 50])]
    elif kind == 5:
        raw[at:at] = raw[at:at + chance.choice([1, 4, 40, 4000])]
    elif kind == 6:
        raw[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice([1, 3, 300])))
    else:
        numbers = list(re.finditer(rb"-?[0-9][0-9.]*", bytes(raw[:4000])))
        words = list(re.finditer(rb"[A-Za-z_]+", bytes(raw[:4000])))
        if kind == 7 and numbers:
            found = chance.choice(numbers)
            raw[found.start():found.end()] = chance.choice(NUMBERS)
        elif words:
            found = chance.choice(words)
            raw[found.start():found.end()] = chance.choice([b"", b"x" * 5000, b"%s%n", b"LIST", found.group() * 2])
    return raw


def mutate(raw, chance, is_gzip):
    unfolded = is_gzip and chance.random() < 0.7
    data = bytearray(gzip.decompress(raw) if unfolded else raw)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        data = mutate_once(data, chance)
    return gzip.compress(bytes(data), 1, mtime=0) if unfolded else bytes(data)


class Campaign:
    def __init__(self, seed):
        self.seed = seed
        self.folder = Path(tempfile.mkdtemp(prefix="gnr-mutations-"))
        self.kept = Path(tempfile.mkdtemp(prefix="gnr-mutations-kept-"))
        self.counts = collections.Counter()
        self.longest = self.most = 0.0
        self.failures = []
        self.lock = threading.Lock()
        self.make_seeds()

    def run(self, command, folder):
        """Code, text, seconds, kB; what os.wait4() tells is of this process alone."""
        start = time.monotonic()
        with open(folder / "log", "w+b") as log:
            process = subprocess.Popen([str(c) for c in command], cwd=folder, stdout=subprocess.DEVNULL, stderr=log,
                                       stdin=subprocess.DEVNULL)
            timer = threading.Timer(3 * LIMIT, process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            text = log.read().decode(errors="replace")
        return process.returncode, text, time.monotonic() - start, usage.ru_maxrss

    def make_seeds(self):
        """Files by name, and (program, arguments, which file is damaged)."""
        base = self.folder / "base"
        for target in ("nifti", "nrrd", "metaimage", "gzip", "points", "transforms", "report", "messages"):
            (base / target).mkdir(parents=True)
        make_corpus.images(base)
        make_corpus.texts(base)
        voxels = [(3 * x + 5 * y * y + 7 * z) % 50 for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]
        count = len(voxels)
        nifti.write(base / "f.nii.gz", SIZE, voxels, "h")
        nifti.write(base / "m.nii", SIZE, voxels[1:] + voxels[:1], "f")
        nifti.write(base / "mask.nii", SIZE, [1] * count, "B")
        nifti.write(base / "u.nii.gz", SIZE, [[0.5] * count, [0.0] * count, [0.25] * count], "f")
        register, apply = support.program("GNR_REGISTER"), support.program("GNR_APPLY")
        view = os.environ.get("GNR_VIEW")
        quick = ("-o", "pair", "--iterations", 1, "--levels", 1, "--threads", 1, "--quiet")
        made = self.run([register, "f.nii.gz", "m.nii", *quick, "--composite", "--inverse", "--velocity"], base)
        if made[0] != 0:
            sys.exit("the seeds cannot be made: " + made[1])
        solve = [register, "f.nii.gz", "m.nii", *quick]
        points = ("--points-output", "q.csv", "--skip-unmapped", "--quiet")
        warp = ("-i", "m.nii", "-o", "w.nii", "--reference", "f.nii.gz", "--quiet", "--threads", 1)
        self.cases = [(solve, "f.nii.gz"), (solve, "m.nii"), ([*solve, "--fixed-mask", "mask.nii"], "mask.nii"),
                      ([*solve, "--initial-velocity", "pair_velocity.nii.gz"], "pair_velocity.nii.gz"),
                      ([apply, "--displacement", "u.nii.gz", *warp], "u.nii.gz"),
                      ([apply, "-t", "pair_composite.h5", *warp], "pair_composite.h5"),
                      ([apply, "-t", "u.nii.gz", *warp], "m.nii"), ([apply, "-t", "u.nii.gz", *warp], "f.nii.gz")]
        self.cases += [([apply, "-t", "transforms/a.tfm", "--points", p, *points], p) for p in
                       (str(f.relative_to(base)) for f in sorted((base / "points").iterdir()))]
        for file in sorted((base / "transforms").iterdir()):
            name = str(file.relative_to(base))
            fsl = ("--fsl-images", "f.nii.gz", "m.nii") if name.endswith("f.mat") else ()
            self.cases.append(([apply, "-t", name, *fsl, "--points", "points/a.csv", *points], name))
        for kind in ("nrrd", "metaimage", "nifti"):
            for file in sorted((base / kind).iterdir()):
                name = str(file.relative_to(base))
                self.cases.append(([apply, "-t", "u.nii.gz", "-i", name, *warp[2:]], name))
        if view:
            self.cases += 3 * [([view, "pair", "--quiet"], "pair_report.json")]
            self.cases.append(([view, "pair", "--quiet"], "pair_displacement.nii.gz"))
        self.usual = {}
        for command, name in self.cases:
            key = tuple(map(str, command))
            if key not in self.usual:
                code, text, _, memory = self.run(command, base)
                if code not in (0, 2):
                    sys.exit(f"{command} ends with {code} as it is: {text}")
                self.usual[key] = memory

    def one(self, number):
        chance = random.Random(f"{self.seed} {number}")
        command, name = chance.choice(self.cases)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        base = self.folder / "base"
        for file in base.iterdir():
            os.symlink(file, folder / file.name)
        target = folder / name
        if target.parent != folder:  # one of a folder: a copy of it, since its neighbours are not needed
            shutil.copytree(base / target.parent.name, folder / "own")
            os.unlink(folder / target.parent.name)
            os.rename(folder / "own", target.parent)
        else:
            os.unlink(target)
        for file in ("log", "pair_quality.png"):
            (folder / file).unlink(missing_ok=True)
        raw = (base / name).read_bytes()
        target.unlink(missing_ok=True)
        target.write_bytes(mutate(raw, chance, raw[:2] == b"\x1f\x8b"))
        promised = target.stat().st_size
        code, text, seconds, memory = self.run(command, folder)
        more = memory - self.usual[tuple(map(str, command))]
        faults = []
        if code not in (0, 2):
            faults.append(f"ended with {code}")
        if seconds > LIMIT:
            faults.append(f"took {seconds:.0f} s")
        if more > BEYOND:
            faults.append(f"took {more // 1024} MB more")
        if code == 2 and (text.count("\n") != 1 or len(text) > 2000 or ": error: " not in text):
            faults.append("said no sentence")
        if code == 0 and text and "note" not in text:
            faults.append("printed on standard error")
        with self.lock:
            self.counts[code] += 1
            self.longest, self.most = max(self.longest, seconds), max(self.most, more)
            if faults:
                self.failures.append(f"{number}: {', '.join(faults)}: {' '.join(map(str, command))}: {text[:300]!r}")
                shutil.copy(target, self.kept / f"{number}-{target.name}")
        shutil.rmtree(folder)
        return promised


def main():
    count, seed = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "1"
    campaign = Campaign(seed)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(campaign.one, range(count)))
    shutil.rmtree(campaign.folder)
    print(f"{count} runs in {time.monotonic() - start:.0f} s, by exit code {dict(campaign.counts)}; longest "
          f"{campaign.longest:.1f} s, at most {campaign.most / 1024:.0f} MB more")
    for failure in campaign.failures[:20]:
        print(failure)
    print(f"{count - len(campaign.failures)} passed, {len(campaign.failures)} failed")
    if campaign.failures:
        sys.exit(f"{len(campaign.failures)} failed; their inputs are in {campaign.kept}")
    campaign.kept.rmdir()


if __name__ == "__main__":
    main()
