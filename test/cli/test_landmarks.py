#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register with landmarks. (ctest: skip code 77)"""
import json
import math

import metaimage
import nifti
import support

# A box of 56 x 48 x 52 mm, and a moving image on a grid that is turned and finer.
SIZE, SPACING = (28, 24, 26), 2.0
FIXED = ((SPACING, 0, 0), (0, SPACING, 0), (0, 0, SPACING))
ORIGIN = (-27.0, -23.0, -25.0)
MOVING_SIZE = (34, 30, 32)
MOVING = ((0.8 * 1.8, -0.6 * 1.8, 0.0), (0.6 * 1.8, 0.8 * 1.8, 0.0), (0.0, 0.0, 1.9))
MOVING_ORIGIN = (-10.0, -40.0, -28.0)
COMMON = ("--threads", 1, "--device", "cpu", "--similarity", "ssd")
POINTS = [(-6.0, -4.0, 2.0), (5.0, 6.0, -3.0), (0.0, -7.0, -6.0)]
MOVED = [(-3.0, -4.0, 2.0), (5.0, 8.0, -3.0), (0.0, -7.0, -10.0)]
SHIFT = (2.0, -1.0, 1.5)


class Landmarks(support.CommandLineTest):
    """The images are one ball, which is uniform about the landmarks."""

    def setUp(self):
        super().setUp()
        def ball(size, matrix, origin):
            heights = support.blobs(size, matrix, origin, [(0.0, 0.0, 0.0, 1000.0)], 12.0)
            return [min(v, 250.0) for v in heights]
        metaimage.write(self.folder / "fixed.mha", SIZE, ball(SIZE, FIXED, ORIGIN), FIXED, ORIGIN)
        metaimage.write(self.folder / "moving.mha", MOVING_SIZE, ball(MOVING_SIZE, MOVING, MOVING_ORIGIN), MOVING,
                        MOVING_ORIGIN)
        self.table("p.csv", POINTS)
        self.table("q.csv", MOVED)

    def table(self, name, points):
        rows = "".join(",".join(str(v) for v in point) + "\n" for point in points)
        (self.folder / name).write_text("x,y,z\n" + rows)

    def run_with(self, fixed, moving, *arguments):
        return self.register("fixed.mha", "moving.mha", "-o", "r", "--fixed-points", fixed, "--moving-points", moving,
                             *COMMON, *arguments)

    def report(self):
        return json.loads((self.folder / "r_report.json").read_text())

    def test_points_are_brought_together(self):
        """To less than half of what they were apart, also as gnr-apply maps them."""
        run = self.succeed(self.run_with("p.csv", "q.csv", "--landmark-sigma", 2))
        self.assertIn("points   p.csv (fixed), q.csv (moving)", run.stdout)
        distances = [math.dist(p, q) for p, q in zip(POINTS, MOVED)]
        report = self.report()
        self.assertEqual((report["inputs"]["fixedPoints"], report["inputs"]["movingPoints"]), ("p.csv", "q.csv"))
        found = report["result"]["landmarks"]
        self.assertAlmostEqual(found["meanBeforeMm"], sum(distances) / 3, places=6)
        self.assertAlmostEqual(found["maximumBeforeMm"], max(distances), places=6)
        self.assertLess(found["maximumAfterMm"], 1.0)
        self.assertIn("landmarks          %.3f mm apart" % found["meanAfterMm"], run.stdout)
        self.succeed(self.apply("--displacement", "r_displacement.nii.gz", "--points", "p.csv", "--points-output", "y.csv"))
        rows = [line.split(",") for line in (self.folder / "y.csv").read_text().splitlines()[1:]]
        after = [math.dist([float(v) for v in row], q) for row, q in zip(rows, MOVED)]
        self.assertLess(max(after), 1.0)  # gnr-apply takes the map linearly between the voxels, the report cubically

    def test_without_them_nothing_is_told(self):
        self.succeed(self.register("fixed.mha", "moving.mha", "-o", "r", *COMMON))
        self.assertIsNone(self.report()["result"]["landmarks"])
        self.assertIsNone(self.report()["inputs"]["fixedPoints"])

    def test_moving_points_go_back_through_the_initial_transform(self):
        (self.folder / "t.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
            "Parameters: %g %g %g\nFixedParameters:\n" % SHIFT)
        self.table("s.csv", [[a + b for a, b in zip(point, SHIFT)] for point in POINTS])
        self.succeed(self.run_with("p.csv", "s.csv", "--initial-transform", "t.tfm"))
        self.assertLess(self.report()["result"]["landmarks"]["maximumBeforeMm"], 1e-9)

    def test_and_through_a_displacement_field_by_newtons_method(self):
        """u = (0, 0, 0.1 z): z goes to 1.1 z."""
        count = SIZE[0] * SIZE[1] * SIZE[2]
        plane = SIZE[0] * SIZE[1]
        along = [0.1 * (ORIGIN[2] + SPACING * (i // plane)) for i in range(count)]
        nifti.write(self.folder / "u.nii", SIZE, [[0.0] * count, [0.0] * count, along], "f", FIXED, ORIGIN)
        self.table("s.csv", [(x, y, 1.1 * z) for x, y, z in POINTS])
        self.succeed(self.run_with("p.csv", "s.csv", "--initial-transform", "u.nii"))
        self.assertLess(self.report()["result"]["landmarks"]["maximumBeforeMm"], 2e-3)  # to 1e-3 mm, and 0.1 in single

    def test_files_of_3d_slicer(self):
        markups = {"@schema": "https://example.org/markups-schema-v1.0.3.json#", "markups": [
            {"type": "Fiducial", "coordinateSystem": "RAS",
             "controlPoints": [{"id": str(i), "position": [-x, -y, z]} for i, (x, y, z) in enumerate(POINTS)]}]}
        (self.folder / "p.mrk.json").write_text(json.dumps(markups))
        self.succeed(self.run_with("p.mrk.json", "q.csv", "--iterations", 1))
        self.assertAlmostEqual(self.report()["result"]["landmarks"]["maximumBeforeMm"], 4.0, places=6)

    def test_errors_name_the_file_and_the_remedy(self):
        self.table("two.csv", MOVED[:2])
        self.table("far.csv", [*POINTS[:2], (0.0, 0.0, 900.0)])
        (self.folder / "none.csv").write_text("x,y,z\n")
        (self.folder / "nan.csv").write_text("x,y,z\n1,2,nan\n1,2,3\n1,2,3\n")
        cases = [(("p.csv", "two.csv"), "two.csv: 2 points, but p.csv has 3; give as many points of both images"),
                 (("none.csv", "q.csv"), "none.csv: holds no points"),
                 (("missing.csv", "q.csv"), "missing.csv: "),
                 (("far.csv", "q.csv"), "far.csv: point 3 [0, 0, 900] lies outside fixed.mha"),
                 (("p.csv", "far.csv"), "far.csv: point 3 [0, 0, 900] lies outside moving.mha"),
                 (("nan.csv", "q.csv"), "nan.csv: ")]
        for files, message in cases:
            with self.subTest(files):
                run = self.run_with(*files)
                self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
                self.assertTrue(run.stderr.startswith("gnr-register: error: " + message), run.stderr)
                self.assertFalse((self.folder / "r_report.json").exists())
        run = self.register("fixed.mha", "moving.mha", "-o", "r", "--fixed-points", "p.csv", *COMMON)
        self.assertEqual(run.returncode, 2)
        self.assertIn("--fixed-points: needs --moving-points", run.stderr)

    def test_processes_get_them(self):
        run = self.run_with("p.csv", "q.csv", "--processes", 2, "--iterations", 2)
        if "mpirun" in run.stderr and run.returncode != 0:
            self.skipTest("no MPI here")
        self.succeed(run)
        many = self.report()["result"]["landmarks"]
        self.succeed(self.run_with("p.csv", "q.csv", "--iterations", 2))
        one = self.report()["result"]["landmarks"]
        for name, value in one.items():
            self.assertAlmostEqual(many[name], value, delta=0.01)


if __name__ == "__main__":
    support.main()
