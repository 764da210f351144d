#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--dry-run tells the grids and the memory of a registration, and the registration keeps to it; --smoke tries out all of
it. (ctest: skip code 77)"""
import json
import math
import os
import re
from unittest import mock

import nifti
import support

MIB = 2 ** 20


def bump(size, centre, width):
    """A Gaussian that is constant at the faces, so that the grid is not padded for it."""
    axes = [[math.exp(-((i / n - c) / width) ** 2) for i in range(n)] for n, c in zip(size, centre)]
    return [x * y * z for z in axes[2] for y in axes[1] for x in axes[0]]


class DryRun(support.CommandLineTest):
    def amounts(self, text):
        """MB and bytes per voxel by their name."""
        found = re.findall(r"^  (\S.*?) +(\d+\.\d) MB +(\d+\.\d) bytes per voxel$", text, re.M)
        return {name: (float(mb), float(per_voxel)) for name, mb, per_voxel in found}

    def test_the_run_keeps_to_the_plan(self):
        size = (96, 100, 90)
        voxels = size[0] * size[1] * size[2]
        for name, centre in (("f.nii", (0.5, 0.5, 0.5)), ("m.nii", (0.52, 0.49, 0.5))):
            nifti.write(self.folder / name, size, bump(size, centre, 0.15), "f")
        before = self.files()
        arguments = ("f.nii", "m.nii", "--threads", 1, "--levels", 2, "--iterations", 1,
                     "--similarity", "ssd")
        usual = self.amounts(self.succeed(self.register(*arguments, "--dry-run")).stdout)
        self.assertNotIn("inverse displacement", usual)
        arguments += ("--inverse", "--velocity", "--determinant")
        plan = self.succeed(self.register(*arguments, "--dry-run")).stdout
        self.assertEqual(self.files(), before, "nothing is written")
        self.assertIn("solver   96 x 100 x 90", plan)
        self.assertIn("level 1  48 x 50 x 48", plan)
        self.assertIn("level 2  96 x 100 x 90", plan)
        amounts = self.amounts(plan)
        together = ("during preparation", "during the solve", "for the results")
        self.assertEqual(set(amounts), {"preparation", "level 1", "level 2", "displacement", "inverse displacement",
                                        "other results", "reserved at once", *together, "program", "need"})
        for mb, per_voxel in amounts.values():
            self.assertAlmostEqual(mb * MIB / voxels, per_voxel, delta=0.06 * MIB / voxels + 0.06)
        self.assertEqual(amounts["preparation"][1], 8, "two images in the solver")
        self.assertEqual(amounts["during preparation"][1], 16, "and two outside")
        self.assertEqual(amounts["reserved at once"], amounts["level 2"])
        self.assertEqual(amounts["during the solve"], amounts["level 2"], "both images are released; one is read again")
        self.assertAlmostEqual(amounts["need"][0], amounts["program"][0] + max(amounts[k][0] for k in together), delta=0.2)
        # the memory for the inverse stays until the first output is there, whether it is wanted or not
        self.assertEqual(usual["for the results"], amounts["for the results"])
        self.assertRegex(plan, r"\n  free +\d+\.\d MB\n$")

        self.succeed(self.register(*arguments, "-o", "pair"))
        memory = json.loads((self.folder / "pair_report.json").read_text())["memory"]
        self.assertAlmostEqual(memory["plannedFieldBytes"] / MIB, amounts["reserved at once"][0], delta=0.06)
        self.assertEqual(memory["peakFieldBytes"], memory["plannedFieldBytes"])
        self.assertEqual(memory["overflowFieldBytes"], 0)
        self.assertAlmostEqual(memory["plannedBytes"] / MIB, amounts["need"][0], delta=2)
        self.assertAlmostEqual(memory["peakBytes"] / memory["plannedBytes"], 1, delta=0.1)
        phases = {phase["name"]: phase for phase in memory["phases"]}
        for name in ("preparation", "level 1", "level 2", "displacement"):
            self.assertEqual(phases[name]["peakFieldBytes"], phases[name]["plannedFieldBytes"], name)
            self.assertAlmostEqual(phases[name]["plannedFieldBytes"] / MIB, amounts[name][0], delta=0.06)
        self.assertIsNone(phases["other results"]["peakFieldBytes"])

    def test_padding_and_masks_are_counted(self):
        size = (40, 42, 44)
        ramp = [float(x) for _ in range(size[2]) for _ in range(size[1]) for x in range(size[0])]
        nifti.write(self.folder / "f.nii", size, ramp, "f")
        nifti.write(self.folder / "m.nii", (50, 50, 50), [float(i % 50) for i in range(50 ** 3)], "f")
        nifti.write(self.folder / "mask.nii", size, [1] * (size[0] * size[1] * size[2]), "B")
        arguments = ("f.nii", "m.nii", "--dry-run", "--threads", 1)
        plain = self.amounts(self.succeed(self.register(*arguments)).stdout)
        run = self.succeed(self.register(*arguments, "--fixed-mask", "mask.nii"))
        self.assertIn("solver   48 x 50 x 54, padded", run.stdout)  # by 8 at least, to even sizes without factors above 7
        # the mask, and a weight that is made of it until the solver has its copy
        masked = self.amounts(run.stdout)
        outside = [a["during preparation"][1] - a["preparation"][1] for a in (plain, masked)]
        self.assertAlmostEqual(outside[1] - outside[0], 5, delta=0.21)

    def test_options_are_followed(self):
        size = (32, 32, 32)
        for name, centre in (("f.nii", (0.5, 0.5, 0.5)), ("m.nii", (0.52, 0.49, 0.5))):
            nifti.write(self.folder / name, size, bump(size, centre, 0.15), "f")

        def fields(*options):
            run = self.succeed(self.register("f.nii", "m.nii", "--dry-run", "--similarity", "ssd", *options))
            return self.amounts(run.stdout)["reserved at once"][1]

        # every time step keeps an image of 4 bytes a voxel
        self.assertAlmostEqual(fields("--time-steps", 7) - fields("--time-steps", 4), 12, delta=0.11)
        run = self.succeed(self.register("f.nii", "m.nii", "--dry-run", "--quiet"))
        self.assertEqual(run.stdout, "")

    def test_processes_that_are_not_started(self):
        size = (32, 40, 64)
        for name, centre in (("f.nii", (0.5, 0.5, 0.5)), ("m.nii", (0.52, 0.49, 0.5))):
            nifti.write(self.folder / name, size, bump(size, centre, 0.15), "f")

        def dry_run(*options):
            with mock.patch.dict(os.environ, GNR_MPIEXEC="/bin/false"):  # a launcher would be found, and fail
                return self.register("f.nii", "m.nii", "--dry-run", "--threads", 1, "--similarity", "ssd", *options)

        def sent(text, what):
            """MB and messages of halos, transpositions and reductions."""
            row = re.search(r"^  %s +(\d+\.\d\d) MB +(\d+) +(\d+\.\d\d) MB +(\d+) +(\d+\.\d\d) MB +(\d+)$" % what, text, re.M)
            self.assertIsNotNone(row, text)
            return [float(v) for v in row.groups()]

        self.assertNotIn("shared by", self.succeed(dry_run()).stdout)
        one = self.succeed(dry_run("--processes", 1)).stdout
        self.assertIn("shared by 1 process\n", one)
        self.assertEqual(sent(one, "whole registration"), [0] * 6)
        four = self.succeed(dry_run("--processes", 4)).stdout
        self.assertIn("shared by 4 processes\n", four)
        # Slabs of 16 planes; both neighbours get 4 times 4 planes (the direction and its divergence) and 8 times 7 (the
        # states stay where they are), and 17 complex numbers a row: of 40 rows 30 go there and of 64 planes 48 come back,
        # three components each to three others.
        halo, halos, transpose, transpositions, _, _ = sent(four, "Hessian product")
        self.assertAlmostEqual(halo, 2 * (4 * 4 + 8 * 7) * 32 * 40 * 4 / MIB, delta=0.0051)
        self.assertEqual(halos, 2 * (4 + 8))
        self.assertAlmostEqual(transpose, 3 * 17 * 8 * (30 * 16 + 10 * 48) / MIB, delta=0.0051)
        self.assertEqual(transpositions, 18)
        fields = [float(re.search(r"^  fields of the largest one +(\d+\.\d) MB$", t, re.M).group(1)) for t in (one, four)]
        self.assertEqual(fields[0], self.amounts(one)["reserved at once"][0])
        self.assertTrue(fields[0] / 4 < fields[1] < fields[0] / 2, fields)
        self.assertRegex(four, r"CPU, 1 core per process +\S+ s +\d+ % +\S+ s +\d+ %")
        self.assertRegex(four, r"NVIDIA H100 per process +\S+ s +\d+ % +\S+ s +\d+ %")
        run = dry_run("--processes", 65)
        self.assertEqual(run.returncode, 2)
        self.assertIn("--processes: 65 processes cannot share 64 planes", run.stderr)

    def test_errors_are_those_of_a_run(self):
        nifti.write(self.folder / "f.nii", (16, 16, 16), [1.0] * 16 ** 3, "f")
        run = self.register("f.nii", "f.nii", "--dry-run")
        self.assertEqual(run.returncode, 2)
        self.assertIn("f.nii: every voxel has the value 1", run.stderr)
        run = self.register("f.nii", "--dry-run")
        self.assertEqual(run.returncode, 2)
        self.assertIn("MOVING: is missing", run.stderr)


class Smoke(support.CommandLineTest):
    SIZE = (64, 60, 56)

    def setUp(self):
        super().setUp()
        nifti.write_wave_pair(self.folder, self.SIZE, (0.2, 0.15, 0.25), 0.5)
        self.before = self.files()

    def smoke(self, *options, **keywords):
        return self.register("fixed.nii", "moving.nii", "-o", "new/pair", "--smoke", "--device", "cpu", *options, **keywords)

    def check(self, result):
        """Only the coarsest grid is solved on, and nothing is written."""
        text = self.succeed(result).stdout
        levels = re.findall(r"^ +(\d+)  grid (\d+ x \d+ x \d+)", text, re.M)
        self.assertGreater(len(levels), 1, text)
        steps = re.findall(r"^ +(\d+) +\d+  \d\.\d+e", text, re.M)
        self.assertEqual(set(steps), {"1"}, text)
        last = text.splitlines()[-1]
        self.assertIn("smoke test passed", last)
        self.assertIn(levels[0][1], last)
        self.assertIn("nothing was written", last)
        self.assertEqual(self.files(), self.before)
        return last

    def test_everything_but_the_files(self):
        self.check(self.smoke("--levels", 3, "--inverse", "--velocity", "--determinant", "--composite"))
        self.assertEqual(self.succeed(self.smoke("--quiet", "--beta-strategy", "search")).stdout, "")

    def test_a_checkpoint_is_neither_written_nor_used(self):
        (self.folder / "c.gnr").write_text("of another run")
        self.before = self.files()
        self.check(self.smoke("--checkpoint", "c", "--checkpoint-interval", 0))
        self.assertEqual((self.folder / "c.gnr").read_text(), "of another run")

    def test_several_processes(self):
        if not os.environ.get("GNR_MPIEXEC"):
            self.skipTest("built without MPI, or no mpirun")
        last = self.check(self.smoke("--processes", 3, "--streamed-input", "--streamed-output"))
        self.assertIn("3 processes", last)

    def test_what_a_run_would_fail_with(self):
        (self.folder / "moving.nii").write_bytes((self.folder / "moving.nii").read_bytes()[:-1000])
        result = self.smoke()
        self.assertEqual((result.returncode, result.stderr.count("moving.nii")), (2, 1), result.stderr)
        (self.folder / "file").write_text("in the way")
        result = self.register("fixed.nii", "fixed.nii", "-o", "file/pair", "--smoke")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("file: ", result.stderr)
        result = self.smoke("--dry-run")
        self.assertEqual(result.returncode, 2, result.stderr)


if __name__ == "__main__":
    support.main()
