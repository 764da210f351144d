#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register where tissues resist a change of their volume. (ctest: skip code 77)"""
import json

import metaimage
import nifti
import support

SIZE, SPACING = (24, 24, 24), 2.0
GRID = ((SPACING, 0, 0), (0, SPACING, 0), (0, 0, SPACING))
ORIGIN = (-23.0, -23.0, -23.0)
COMMON = ("--threads", 1, "--device", "cpu", "--similarity", "ssd", "--beta", 1e-3, "--gamma", 0)


def ball(radius):
    """Soft edges, -1000 outside and 300 inside."""
    values = []
    for k in range(SIZE[2]):
        for j in range(SIZE[1]):
            for i in range(SIZE[0]):
                r = sum((o + SPACING * n) ** 2 for o, n in zip(ORIGIN, (i, j, k))) ** 0.5
                values.append(-1000.0 + 1300.0 * min(1.0, max(0.0, 0.5 + (radius - r) / 6.0)))
    return values


class Incompressibility(support.CommandLineTest):
    """A ball that is larger in the fixed image: its volume grows by 1.5 unless it resists."""

    def setUp(self):
        super().setUp()
        metaimage.write(self.folder / "fixed.mha", SIZE, ball(14.0), GRID, ORIGIN)
        metaimage.write(self.folder / "moving.mha", SIZE, ball(12.2), GRID, ORIGIN)
        self.ones("ones.mha", SIZE)

    def ones(self, name, size, value=1.0):
        metaimage.write(self.folder / name, size, [value] * (size[0] * size[1] * size[2]), GRID, ORIGIN)

    def smallest(self, *arguments):
        """det, the smallest and the mean of its distance from one within the ball; report; log."""
        run = self.succeed(self.register("fixed.mha", "moving.mha", "-o", "r", *COMMON, "--determinant", *arguments))
        report = json.loads((self.folder / "r_report.json").read_text())
        det = nifti.read(self.folder / "r_determinant.nii.gz").components[0]
        inside = [abs(d - 1.0) for d, value in zip(det, ball(8.0)) if value == 300.0]
        return report["result"]["determinant"]["minimum"], sum(inside) / len(inside), report, run.stdout

    def test_volumes_are_kept_by_either_form_and_source(self):
        free, change, report, _ = self.smallest()
        self.assertLess(free, 0.85)
        self.assertIsNone(report["inputs"]["incompressibilityImage"])
        for form in ("moving", "static"):
            kept, _, report, log = self.smallest("--incompressibility-image", "ones.mha", "--incompressibility-weight", 100,
                                                 "--incompressibility-form", form)
            self.assertLess(1.0 - kept, 0.2 * (1.0 - free))
            self.assertEqual(report["inputs"]["incompressibilityImage"], "ones.mha")
            self.assertIn("volumes  ones.mha (weights, moving)", log)
            # Where it is bone; what that does not take, the soft rim around it does.
            _, change_of_bone, report, log = self.smallest("--incompressibility", "ct", "--incompressibility-weight", 2,
                                                           "--incompressibility-form", form)
            self.assertLess(change_of_bone, 0.5 * change)
            self.assertIn("incompressibility ct", log)

    def test_what_cannot_be_used_is_named(self):
        self.ones("small.mha", (20, 24, 24))
        self.ones("negative.mha", SIZE, -1.0)
        self.ones("nan.mha", SIZE, float("nan"))
        for name, says in (("small.mha", "resample it onto the grid"), ("negative.mha", "weights are not negative"),
                           ("nan.mha", "not a number"), ("missing.mha", "missing.mha")):
            result = self.register("fixed.mha", "moving.mha", "-o", "r", *COMMON, "--incompressibility-image", name)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(name, result.stderr)
            self.assertIn(says, result.stderr)
        result = self.register("moving.mha", "fixed.mha", "-o", "r", *COMMON, "--density", "ct", "--density-exponent", "auto")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("give the masks of both", result.stderr)


if __name__ == "__main__":
    support.main()
