#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several processes: what they send against the rehearsal of doc/parallel.md (exit status 1 where the transpositions of inva
differ), and strong and weak scaling: one process with several threads against as many processes with one each.

--document also writes the counters and the tables of predictions into doc/parallel.md."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common

DOCUMENT = common.ROOT / "doc" / "parallel.md"
GPU_TABLE = ("--device", "gpu", "--memory", 80)
CPU_TABLE = ("--device", "cpu", "--threads", 64, "--memory", 256)


def register(program, fixed, moving, processes, threads, options, folder):
    """One run; the report, with the wall time of all of it."""
    prefix = Path(folder) / "run"
    command = [program, fixed, moving, "-o", prefix, "--quiet", "--device", "cpu", "--processes", processes, "--threads",
               threads, *options]
    start = time.monotonic()
    run = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - start
    if run.returncode != 0:
        raise common.BadInput(f"{' '.join(map(str, command))}\n  ended with exit status {run.returncode}: {run.stderr.strip()}")
    report = json.loads(Path(f"{prefix}_report.json").read_text())
    report["launchedSeconds"] = wall
    return report


def traffic_of(report, purpose):
    return next(t for t in report["traffic"] if t["purpose"] == purpose)


# --- counters ------------------------------------------------------------------------------------------------------
def compare_counters(program, pair, counts, folder):
    """Whole registrations against a rehearsal with the steps that they took."""
    entries, same = [], True
    for preconditioner in ("inva", "twolevel"):
        for processes in counts:
            report = register(program, pair.fixed, pair.moving, processes, 1,
                              ("--preconditioner", preconditioner, "--levels", 2, "--iterations", 2), folder)
            entry = {"preconditioner": preconditioner, "processes": processes,
                     "hessianProducts": report["result"]["hessianProducts"],
                     "plannedFieldBytes": report["scalingModel"]["fieldBytes"],
                     "usedFieldBytes": report["memory"]["mostPeakFieldBytes"]}
            for purpose in ("halo", "transpose"):
                counted, rehearsed = traffic_of(report, purpose), report["scalingModel"]["solve"][purpose]
                entry[purpose] = {"counted": {k: counted[k] for k in rehearsed}, "rehearsed": rehearsed}
            if preconditioner == "inva" and entry["transpose"]["counted"] != entry["transpose"]["rehearsed"]:
                same = False
                print(f"{processes} processes: the transpositions differ from the rehearsal: {entry['transpose']}")
            entries.append(entry)
            print(f"{preconditioner}, {processes} processes: transpositions {share(entry['transpose'])}, halos "
                  f"{share(entry['halo'])} of the rehearsal", flush=True)
    return entries, same


def share(sent):
    rehearsed = sent["rehearsed"]["bytes"]
    return f"{sent['counted']['bytes'] / rehearsed:.4f}" if rehearsed else "none"


def counter_table(entries):
    rows = []
    for e in entries:
        row = [f"`{e['preconditioner']}`", e["processes"], e["hessianProducts"]]
        for purpose in ("transpose", "halo"):
            for what in ("bytes", "messages"):
                row += [f"{e[purpose][side][what]:,}" for side in ("counted", "rehearsed")]
        rows.append(row + [f"{e['usedFieldBytes'] / 1e6:.1f}", f"{e['plannedFieldBytes'] / 1e6:.1f}"])
    return common.table(["preconditioner", "processes", "products", "transposed bytes, counted", "rehearsed", "messages", "rehearsed",
                         "halo bytes, counted", "rehearsed", "messages", "rehearsed", "fields of the largest, MB", "planned"], rows)


# --- time ----------------------------------------------------------------------------------------------------------
def costs(report):
    finest = report["levels"][-1]
    seconds = next(p["seconds"] for p in reversed(report["time"]["phases"]) if p["name"] == f"level {finest['level']}")
    products = sum(i["krylovIterations"] for i in finest["iterations"])
    return {"wallSeconds": report["launchedSeconds"], "programWallSeconds": report["time"]["wallSeconds"],
            "solverWallSeconds": report["time"]["solverWallSeconds"], "cpuSeconds": report["time"]["cpuSeconds"],
            "finestSecondsPerProduct": seconds / max(products, 1), "hessianProducts": report["result"]["hessianProducts"]}


def measure_in_turns(runs, repeats):
    """The best of each: what other programs on the machine disturbed least."""
    measured = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            measured[name].append(costs(run()))
    return {name: {"runs": all_runs, "best": {k: min(r[k] for r in all_runs) for k in all_runs[0]}}
            for name, all_runs in measured.items()}


def strong_scaling(program, pair, count, repeats, folder):
    def run(processes, threads):
        return lambda: register(program, pair.fixed, pair.moving, processes, threads, (), folder)

    result = measure_in_turns({"1 x 1": run(1, 1), f"1 x {count}": run(1, count), f"{count} x 1": run(count, 1)}, repeats)
    one, threads, processes = (result[name]["best"] for name in ("1 x 1", f"1 x {count}", f"{count} x 1"))
    for what in ("wallSeconds", "solverWallSeconds", "cpuSeconds"):
        print(f"{pair.name}: {what}: 1 process x 1 thread {one[what]:.2f}, 1 x {count} {threads[what]:.2f}, {count} x 1 "
              f"{processes[what]:.2f}; {count} x 1 against 1 x {count}: {processes[what] / threads[what]:.3f}", flush=True)
    return result


def weak_scaling(program, pair, count, repeats, folder):
    """A part of the planes on one process against all on several, by the time of a Krylov iteration on the finest grid."""
    import nibabel  # only here: large
    parts = []
    for path in (pair.fixed, pair.moving):
        image = nibabel.load(str(path))
        planes = image.shape[2] // count
        begin = (image.shape[2] - planes) // 2
        part = Path(folder) / ("part_" + Path(path).name)
        nibabel.save(image.slicer[:, :, begin:begin + planes], str(part))
        parts.append(part)
    result = measure_in_turns({
        "part, 1 x 1": lambda: register(program, *parts, 1, 1, (), folder),
        f"whole, {count} x 1": lambda: register(program, pair.fixed, pair.moving, count, 1, (), folder)}, repeats)
    part, whole = (entry["best"]["finestSecondsPerProduct"] for entry in result.values())
    print(f"{pair.name}: a Krylov iteration on the finest grid: 1/{count} of the planes on 1 process {part:.3f} s, all on {count} "
          f"{whole:.3f} s: efficiency {part / whole:.3f}", flush=True)
    return result


# --- predictions ---------------------------------------------------------------------------------------------------
def predictions(build, options):
    command = [common.program(build, "benchmark-predict"), *map(str, options)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common.add_common_arguments(parser, "processes.json")
    parser.add_argument("--pairs", nargs="+", metavar="NAME",
                        help="for the times [default: nirep_half, or brainweb_2mm without data]; counters are those of brainweb_2mm")
    parser.add_argument("--counters", nargs="*", type=int, default=[1, 2, 4, 8], metavar="COUNT",
                        help="processes whose messages are compared; none: no comparison [default: 1 2 4 8]")
    parser.add_argument("--cores", type=int, default=2, metavar="COUNT", help="threads, or processes, of a time [default: 2]")
    parser.add_argument("--repeats", type=int, default=3, metavar="COUNT", help="turns of the times; 0: none [default: 3]")
    parser.add_argument("--document", action="store_true", help="write the tables into doc/parallel.md")
    a = parser.parse_args()
    if a.repeats < 0 or a.cores < 1 or min(a.counters, default=1) < 1:
        parser.error("--repeats, --cores, --counters: too small")
    # Threads and processes that wait must not keep a processor busy that another needs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    program = common.program(a.build, "gnr-register")
    result, same = {"machine": common.machine(a.build)}, True
    with tempfile.TemporaryDirectory(prefix="gnr-processes-") as folder:
        if a.counters:
            pair = common.find_pairs(None, ["brainweb_2mm"])[0]
            result["counters"], same = compare_counters(program, pair, a.counters, folder)
        if a.repeats:
            for pair in common.find_pairs(a.data, a.pairs or (["nirep_half"] if a.data else ["brainweb_2mm"])):
                result[pair.name] = {"strong": strong_scaling(program, pair, a.cores, a.repeats, folder),
                                     "weak": weak_scaling(program, pair, a.cores, a.repeats, folder)}
    if a.document:
        if a.counters:
            common.replace_block(DOCUMENT, "counters", counter_table(result["counters"]))
        common.replace_block(DOCUMENT, "cpu", predictions(a.build, CPU_TABLE))
        common.replace_block(DOCUMENT, "gpu", predictions(a.build, GPU_TABLE))
    common.write_json(a.output, result)
    print(f"written: {a.output}")
    if not same:
        sys.exit(1)


if __name__ == "__main__":
    common.run_main(main)
