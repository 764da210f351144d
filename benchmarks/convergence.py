#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work that each preconditioner needs: Newton steps, Hessian products, iterations inside the preconditioner and CPU
seconds, over the weight of the regularisation and the size of the images. Every solve runs to the same gradient tolerance;
the stall of the objective ends none. Writes the measurements as JSON and the table of doc/measurements.md."""
import argparse
import json
import sys
import tempfile
from pathlib import Path

import common

PRECONDITIONERS = {"inva": "`InvA`", "invh0": "`InvH0`", "twolevel": "`TwoLevelInvH0`"}
SUCCESS, TIME_LIMIT = 0, 5  # exit codes of gnr-register that leave a result


def halve(image, path):
    """Means of 2 x 2 x 2 voxels; the last plane of an odd axis is left out."""
    import nibabel
    import numpy
    source = nibabel.load(image)
    data = numpy.squeeze(numpy.asarray(source.dataobj, numpy.float32))
    half = [n // 2 for n in data.shape]
    data = data[tuple(slice(0, 2 * n) for n in half)]
    data = data.reshape(half[0], 2, half[1], 2, half[2], 2).mean((1, 3, 5))
    scale = numpy.diag([2.0, 2.0, 2.0, 1.0])
    scale[:3, 3] = 0.5  # the middle of the first 8 voxels
    nibabel.save(nibabel.Nifti1Image(data, source.affine @ scale), path)


def sizes_of(pair, halvings, folder):
    """The pair, and the pair at half the size, a quarter, ...: (name, fixed, moving), small ones first."""
    result = [(pair.name, pair.fixed, pair.moving)]
    for level in range(1, halvings + 1):
        files = [Path(folder) / f"{pair.name}-{level}-{which}.nii" for which in ("fixed", "moving")]
        for source, target in zip(result[0][1:], files):
            halve(source, target)
        result.insert(0, (f"{pair.name}, 1/{2 ** level}", *files))
    return result


def solve(register, images, beta, preconditioner, a, folder):
    """One solve; what the table needs of its report."""
    prefix = Path(folder) / "run"
    command = [register, *images, "-o", prefix, "--beta", beta, "--preconditioner", preconditioner, "--quiet",
               "--gradient-tolerance", a.gradient_tolerance, "--objective-tolerance", 0, "--iterations", a.iterations,
               "--krylov-iterations", a.krylov_iterations, "--time-limit", a.time_limit]
    if not a.pyramid:
        command += ["--levels", 1]
    run = common.run([*command, *a.register_options.split()], a.threads, allowed=(SUCCESS, TIME_LIMIT))
    report = json.loads(Path(f"{prefix}_report.json").read_text())
    finest = report["levels"][-1]
    last = finest["iterations"][-1] if finest["iterations"] else None
    result = report["result"]
    return {
        "size": report["inputs"]["fixed"]["size"], "newtonSteps": result["newtonSteps"],
        "hessianProducts": result["hessianProducts"], "innerIterations": result["innerIterations"],
        "solverCpuSeconds": report["time"]["solverCpuSeconds"], "cpuSeconds": run.cpu,
        "objective": last["objective"] if last else finest["initialObjective"],
        "relativeGradient": last["relativeGradient"] if last else finest["initialRelativeGradient"],
        "mismatch": result["mismatch"], "determinant": result["determinant"], "stopReason": result["stopReason"],
    }


def make_table(entries):
    rows = []
    for e in entries:
        reached = "" if e["stopReason"] in ("gradient-tolerance", "images-identical") else f" ({e['stopReason']})"
        rows.append([f"{e['images']}, {'×'.join(map(str, e['size']))}", f"{e['beta']:g}", PRECONDITIONERS[e["preconditioner"]],
                     e["newtonSteps"], e["hessianProducts"], e["innerIterations"], f"{e['solverCpuSeconds']:.1f}",
                     f"{e['objective']:.4e}", f"{e['relativeGradient']:.1e}{reached}"])
    return common.table(["images", "β", "preconditioner", "Newton steps", "Hessian products", "inner iterations",
                         "CPU-s of the solve", "objective", "gradient, relative"], rows)


def make_caption(result):
    machine, a = result["machine"], result["arguments"]
    return (f"{'Grid continuation' if a['pyramid'] else 'One level'}, from v = 0 to a relative gradient of "
            f"{a['gradientTolerance']:g}, at most {a['iterations']} Newton steps of {a['krylovIterations']} Hessian products"
            f" and {a['timeLimit']:g} s; {machine['processor']}, {common.threads_text(a['threads'])}, {machine['date'][:10]}. "
            "A reason stands behind the gradient where the tolerance was not reached. Made by `benchmarks/convergence.py`.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # Both tables can be kept side by side.
    common.add_common_arguments(parser, "convergence-pyramid.json" if "--pyramid" in sys.argv else "convergence.json")
    parser.add_argument("--pairs", nargs="+", metavar="NAME",
                        help="which images [default: nirep_half, or brainweb_2mm without data]")
    parser.add_argument("--halvings", type=int, default=1, metavar="COUNT", help="also at 1/2, 1/4, ... of the size [default: 1]")
    parser.add_argument("--betas", nargs="+", type=float, default=[1e-1, 1e-2, 1e-3, 1e-4], metavar="NUMBER")
    parser.add_argument("--preconditioners", nargs="+", choices=PRECONDITIONERS, default=list(PRECONDITIONERS))
    parser.add_argument("--pyramid", action="store_true", help="with grid continuation [default: one level]")
    parser.add_argument("--gradient-tolerance", type=float, default=2.5e-2, metavar="NUMBER", help="[default: 2.5e-2]")
    parser.add_argument("--iterations", type=int, default=50, metavar="COUNT", help="Newton steps a level [default: 50]")
    parser.add_argument("--krylov-iterations", type=int, default=100, metavar="COUNT",
                        help="Hessian products a Newton step [default: 100]")
    parser.add_argument("--time-limit", type=float, default=1800, metavar="SECONDS", help="of each solve [default: 1800]")
    parser.add_argument("--threads", type=int, default=2, metavar="COUNT", help="[default: 2]")
    parser.add_argument("--register-options", default="", metavar="TEXT", help="further options of gnr-register, in one text")
    parser.add_argument("--page", type=Path, default=common.ROOT / "doc" / "measurements.md",
                        help="where the table goes [default: doc/measurements.md]")
    a = parser.parse_args()
    block = "pyramid" if a.pyramid else "one level"
    register = common.program(a.build, "gnr-register")
    names = a.pairs or (["nirep_half"] if a.data else ["brainweb_2mm"])
    entries, machine = [], common.machine(a.build)
    with tempfile.TemporaryDirectory(prefix="gnr-convergence-") as folder:
        for pair in common.find_pairs(a.data, names):
            for name, *images in sizes_of(pair, a.halvings, folder):
                for beta in a.betas:
                    for preconditioner in a.preconditioners:
                        entry = {"images": name, "beta": beta, "preconditioner": preconditioner,
                                 **solve(register, images, beta, preconditioner, a, folder)}
                        entries.append(entry)
                        print(f"{name}, beta {beta:g}, {preconditioner}: {entry['newtonSteps']} steps, "
                              f"{entry['hessianProducts']} products, {entry['solverCpuSeconds']:.1f} CPU-s, "
                              f"{entry['stopReason']}", flush=True)
    result = {"machine": machine,
              "arguments": {"pyramid": a.pyramid, "gradientTolerance": a.gradient_tolerance, "iterations": a.iterations,
                            "krylovIterations": a.krylov_iterations, "timeLimit": a.time_limit, "threads": a.threads,
                            "registerOptions": a.register_options},
              "entries": entries}
    common.write_json(a.output, result)
    common.replace_block(a.page, block, make_table(entries) + "\n\n" + make_caption(result))
    print(f"written: {a.output}, the table '{block}' in {a.page}")


if __name__ == "__main__":
    common.run_main(main)
