#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registers the pairs of a table: batch.py PAIRS.csv RESULTS.csv

PAIRS.csv has a header and the columns fixed, moving, output (start of the names of the files written) and, if wanted,
fixed_mask, moving_mask, initial_transform (an ITK transform file, fixed to moving points) and beta; empty cells are left at
their defaults. Paths are relative to PAIRS.csv. RESULTS.csv gets a row per pair; a pair that fails has its reason in the
column error, and the others go on. Exit status 1 if any failed."""
import csv
import sys
import time
from pathlib import Path

import itk

RESULTS = ["output", "mismatch", "determinant_minimum", "determinant_maximum", "folded_voxels", "seconds", "error"]


def register(row, folder):
    """Writes the files of one pair and returns its numbers."""
    def path(column, must_exist=True):
        name = folder / row[column]
        if must_exist and not name.exists():
            raise RuntimeError(f"{name}: no such file. Correct the column {column}")
        return str(name)

    registration = itk.DiffeomorphicGaussNewtonRegistrationFilter.New(
        itk.imread(path("fixed"), itk.F), itk.imread(path("moving"), itk.F))
    if row.get("fixed_mask"):
        registration.SetFixedImageMask(itk.imread(path("fixed_mask"), itk.UC))
    if row.get("moving_mask"):
        registration.SetMovingImageMask(itk.imread(path("moving_mask"), itk.UC))
    if row.get("initial_transform"):
        start = itk.CompositeTransform[itk.D, 3].New()
        for transform in itk.transformread(path("initial_transform")):
            start.AddTransform(transform)
        registration.SetInitialTransform(start)
    if row.get("beta"):
        registration.SetBeta(float(row["beta"]))
    registration.ComputeInverseDisplacementFieldOff()
    registration.ComputeVelocityFieldOff()
    start_time = time.monotonic()
    registration.Update()
    seconds = time.monotonic() - start_time

    prefix = path("output", must_exist=False)
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    itk.imwrite(registration.GetDisplacementField(), prefix + "_displacement.nii.gz")
    itk.imwrite(registration.GetWarpedMovingImage(), prefix + "_warped.nii.gz")
    itk.imwrite(registration.GetJacobianDeterminantImage(), prefix + "_determinant.nii.gz")
    return {"mismatch": registration.GetMismatch(),
            "determinant_minimum": registration.GetMinimumJacobianDeterminant(),
            "determinant_maximum": registration.GetMaximumJacobianDeterminant(),
            "folded_voxels": registration.GetNumberOfFoldedVoxels(), "seconds": round(seconds, 2)}


def main(table, results):
    failures = 0
    with open(table, newline="", encoding="utf-8") as pairs, open(results, "w", newline="", encoding="utf-8") as out:
        rows = csv.DictReader(pairs)
        missing = {"fixed", "moving", "output"} - set(rows.fieldnames or [])
        if missing:
            sys.exit(f"{table}: has no column {', '.join(sorted(missing))}. Add it to the first line")
        writer = csv.DictWriter(out, RESULTS)
        writer.writeheader()
        for row in rows:
            try:
                numbers = register(row, Path(table).resolve().parent)
            except RuntimeError as error:  # whatever ITK throws
                failures += 1
                numbers = {"error": " ".join(str(error).split())}
            writer.writerow({"output": row["output"], **numbers})
            out.flush()
            print(row["output"], numbers.get("error") or f"mismatch {numbers['mismatch']:.3f}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
