#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registers pairs of images with gnr-register and with methods of ITK, side by side in one run.

The methods take turns, so that whatever disturbs the machine disturbs all of them, and a ratio is taken within one turn.
CPU seconds are those of the whole process with all its threads, reading and writing included; gnr-register writes its
usual files, compressed, the others the displacement alone, uncompressed. Every displacement is judged by evaluate.py.
Writes the measurements as JSON; summarize.py makes the table and the picture of them."""
import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import common

PRESETS = ("fast", "default", "accurate")
PEERS = ("demons", "syn-ms", "syn-cc")
METHODS = ("demons", *PRESETS, "syn-ms")


def register(method, pair, prefix, programs, threads, options):
    """Runs one method; returns what it cost, the size in voxels and the displacement file."""
    if method in PRESETS:
        run = common.run([programs["gnr-register"], pair.fixed, pair.moving, "-o", prefix, "--preset", method, "--quiet",
                          *options], threads)
        report = json.loads(Path(f"{prefix}_report.json").read_text())
        displacement = f"{prefix}_displacement.nii.gz"
        size, own = report["inputs"]["fixed"]["size"], report["time"]["solverCpuSeconds"]
    else:
        displacement = f"{prefix}_displacement.nii"
        run = common.run([programs["peers"], method, pair.fixed, pair.moving, "-o", displacement], threads)
        report = json.loads(run.output)
        size, own = report["size"], report["registrationCpuSeconds"]
    voxels = size[0] * size[1] * size[2]
    cost = {"cpuSeconds": run.cpu, "wallSeconds": run.wall, "registrationCpuSeconds": own,
            "peakBytesPerVoxel": run.peak / voxels}
    return cost, size, displacement


def judge(pair, displacement):
    """In a process of its own: the images must not swell this one (see common)."""
    command = [sys.executable, Path(__file__).with_name("evaluate.py"), pair.fixed, pair.moving, displacement]
    if pair.fixed_labels:
        command += ["--fixed-labels", pair.fixed_labels, "--moving-labels", pair.moving_labels]
        command += ["--labels", pair.labels] if pair.labels else []
    return json.loads(common.run(command, 1).output)


def measure(pairs, methods, programs, repeats, threads, options, folder):
    """One entry per pair and method, with the costs of all turns in order."""
    entries = {}
    for turn in range(repeats):
        for pair in pairs:
            for method in methods:
                prefix = Path(folder) / f"{pair.name}-{method}"
                cost, size, displacement = register(method, pair, prefix, programs, threads, options)
                entry = entries.setdefault((pair.name, method), {"pair": pair.name, "size": size, "method": method, "runs": []})
                entry["runs"].append(cost)
                if turn == 0:  # the results are the same in every turn
                    entry["quality"] = judge(pair, displacement)
                Path(displacement).unlink()
                quality = entry["quality"]
                print(f"turn {turn + 1}: {pair.name}, {method}: {cost['cpuSeconds']:.1f} CPU-s, residual "
                      f"{quality['residual']:.3f}"
                      + (f", Dice {quality['dice']['mean']:.3f}" if "dice" in quality else ""), flush=True)
    return list(entries.values())


def add_medians(entries, reference):
    """Medians over the turns; ratios to the reference method are taken within each turn first."""
    by_key = {(entry["pair"], entry["method"]): entry for entry in entries}
    for entry in entries:
        entry["median"] = {name: median(run[name] for run in entry["runs"]) for name in entry["runs"][0]}
        base = by_key.get((entry["pair"], reference))
        if base:
            entry["cpuRatio"] = median(a["cpuSeconds"] / b["cpuSeconds"] for a, b in zip(entry["runs"], base["runs"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common.add_common_arguments(parser, "comparison.json")
    parser.add_argument("--pairs", nargs="+", metavar="NAME",
                        help="which to take [default: all that are found of " + ", ".join(common.KNOWN_PAIRS) + "]")
    parser.add_argument("--pair", nargs="+", action="append", default=[], type=Path, metavar="FILE",
                        help="a pair of your own: FIXED MOVING, or FIXED MOVING FIXED_LABELS MOVING_LABELS; repeatable")
    parser.add_argument("--methods", nargs="+", choices=(*PRESETS, *PEERS), default=METHODS, metavar="METHOD",
                        help=f"of {', '.join((*PRESETS, *PEERS))} [default: all but syn-cc, which takes very long]")
    parser.add_argument("--repeats", type=int, default=3, metavar="COUNT", help="turns [default: 3]")
    parser.add_argument("--threads", type=int, default=2, metavar="COUNT", help="of every method [default: 2]")
    parser.add_argument("--add", action="store_true",
                        help="keep what the output file has of other pairs, measured on the same machine in the same way")
    parser.add_argument("--register-options", default="", metavar="TEXT", help="further options of gnr-register, in one text")
    a = parser.parse_args()
    for files in a.pair:
        if len(files) not in (2, 4):
            parser.error("--pair: needs 2 or 4 files")
        for file in files:
            if not file.is_file():
                parser.error(f"--pair: {file} does not exist")
    if a.repeats < 1 or a.threads < 1:
        parser.error("--repeats, --threads: must be at least 1")
    earlier = json.loads(a.output.read_text()) if a.add and a.output.is_file() else None
    own = [common.Pair(files[0].name.split(".")[0], *files) for files in a.pair]
    pairs = own + (common.find_pairs(a.data, a.pairs) if a.pairs or not own else [])
    programs = {name: common.program(a.build, name) for name in ("gnr-register", "peers")}
    result = {"machine": common.machine(a.build), "threads": a.threads, "registerOptions": a.register_options}
    if earlier and any(earlier[key] != result[key] for key in ("threads", "registerOptions")):
        raise common.BadInput(f"--add: {a.output} was measured with other threads or options. Name another --output")
    if earlier and earlier["machine"]["processor"] != result["machine"]["processor"]:
        raise common.BadInput(f"--add: {a.output} was measured on another machine. Name another --output")
    with tempfile.TemporaryDirectory(prefix="gnr-compare-") as folder:
        entries = measure(pairs, a.methods, programs, a.repeats, a.threads, a.register_options.split(), folder)
    add_medians(entries, "demons")
    if earlier:
        measured = {entry["pair"] for entry in entries}
        entries = [entry for entry in earlier["entries"] if entry["pair"] not in measured] + entries
    common.write_json(a.output, {**result, "entries": entries})
    print(f"written: {a.output}")


if __name__ == "__main__":
    common.run_main(main)
