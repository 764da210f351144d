#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole program with one and with more threads, in turns: speed-up, parallel efficiency, and whether the images that it
writes are the same to the last bit (exit status 1 if not)."""
import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import common


def digests(folder):
    """SHA-256 of every image; the report tells times and is left out."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(folder).glob("run_*.nii.gz"))}


def measure(register, pair, threads, options):
    with tempfile.TemporaryDirectory(prefix="gnr-scaling-") as folder:
        prefix = Path(folder) / "run"
        run = common.run([register, pair.fixed, pair.moving, "-o", prefix, "--quiet", *options], threads)
        time = json.loads(Path(f"{prefix}_report.json").read_text())["time"]
        return {"threads": threads, "wallSeconds": run.wall, "cpuSeconds": run.cpu,
                "solverWallSeconds": time["solverWallSeconds"], "solverCpuSeconds": time["solverCpuSeconds"]}, digests(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common.add_common_arguments(parser, "scaling.json")
    parser.add_argument("--pairs", nargs="+", metavar="NAME", help="[default: nirep_half, or brainweb_2mm without data]")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], metavar="COUNT",
                        help="numbers of threads, the first is compared with [default: 1 2]")
    parser.add_argument("--repeats", type=int, default=3, metavar="COUNT", help="turns [default: 3]")
    parser.add_argument("--register-options", default="", metavar="TEXT", help="further options of gnr-register, in one text")
    a = parser.parse_args()
    if a.repeats < 1 or min(a.threads) < 1:
        parser.error("--repeats, --threads: must be at least 1")
    register = common.program(a.build, "gnr-register")
    entries, machine = [], common.machine(a.build)
    for pair in common.find_pairs(a.data, a.pairs or (["nirep_half"] if a.data else ["brainweb_2mm"])):
        runs, first, same = [], None, True
        for _ in range(a.repeats):
            for threads in a.threads:
                cost, files = measure(register, pair, threads, a.register_options.split())
                runs.append(cost)
                first = first or files
                different = sorted(name for name in first if files.get(name) != first[name])
                if different or not first:
                    same = False
                    print(f"{pair.name}: with {threads} threads other bits in {', '.join(different) or 'no images at all'}")
        # The shortest time is the one that other programs on the machine disturbed least.
        best = {t: {k: min(r[k] for r in runs if r["threads"] == t) for k in runs[0] if k != "threads"} for t in a.threads}
        entry = {"pair": pair.name, "runs": runs, "best": best, "identical": same, "files": first}
        for threads in a.threads[1:]:
            speedup = {what: best[a.threads[0]][what] / best[threads][what] for what in ("wallSeconds", "solverWallSeconds")}
            entry.setdefault("speedup", {})[threads] = speedup
            print(f"{pair.name}: {threads} threads against {a.threads[0]}: {speedup['wallSeconds']:.2f} times as fast, the solve "
                  f"{speedup['solverWallSeconds']:.2f} times; {len(first)} images {'identical' if same else 'NOT identical'}")
        entries.append(entry)
    common.write_json(a.output, {"machine": machine, "entries": entries})
    print(f"written: {a.output}")
    if not all(entry["identical"] for entry in entries):
        sys.exit(1)


if __name__ == "__main__":
    common.run_main(main)
