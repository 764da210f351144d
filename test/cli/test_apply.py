#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-apply against maps that are known: images, labels, points, forward and inverse. (ctest: skip code 77)"""
import array
import csv
import math
import random

import nifti
import support

SIZE = (20, 18, 16)
COUNT = SIZE[0] * SIZE[1] * SIZE[2]
MATRIX = ((0.8 * 1.5, -0.6 * 2.0, 0.0), (0.6 * 1.5, 0.8 * 2.0, 0.0), (0.0, 0.0, -1.25))
ORIGIN = (10.0, -5.0, 30.0)
FRAME = nifti.Image(SIZE, MATRIX, ORIGIN, [])
INDICES = [(x, y, z) for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]


def displacement(index):
    """Smooth, invertible, mm; up to 2.5 mm."""
    x, y, z = index
    return (2.0 * math.sin(0.25 * y) + 0.5, 1.5 * math.cos(0.2 * x) * math.sin(0.3 * z), -1.0 * math.sin(0.2 * (x + y)))


class Apply(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        self.vectors = [array.array("f", c) for c in zip(*(displacement(i) for i in INDICES))]
        self.write("u.nii.gz", self.vectors)
        self.chance = random.Random(7)

    def write(self, name, values, typecode="f", **keywords):
        nifti.write(self.folder / name, SIZE, values, typecode, **{"matrix": MATRIX, "origin": ORIGIN, **keywords})

    def read(self, name):
        return nifti.read(self.folder / name)

    def run_apply(self, *arguments):
        return self.succeed(self.apply("--displacement", "u.nii.gz", *arguments))

    def test_linear_is_trilinear_at_the_displaced_point(self):
        self.write("m.nii.gz", [self.chance.uniform(-5, 5) for _ in range(COUNT)])
        self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz", "--background", "-9")
        moving, warped = self.read("m.nii.gz"), self.read("w.nii.gz")
        outside = 0
        for i, index in enumerate(INDICES):
            p = [a + c[i] for a, c in zip(FRAME.point(*index), self.vectors)]
            at = moving.index(p)
            if min(abs(a + 0.5 - round(a + 0.5)) for a in at) < 1e-4:
                continue  # on the face of the image within rounding
            if all(-0.5 <= a < n - 0.5 for a, n in zip(at, SIZE)):
                self.assertAlmostEqual(warped.data[i], nifti.sample(moving, at), delta=1e-4)
            else:
                self.assertEqual(warped.data[i], -9.0)
                outside += 1
        self.assertGreater(outside, 10)

    def test_cubic_reproduces_a_cubic_better_than_linear(self):
        def value(index):
            return 100 + 30 * math.sin(0.5 * index[0]) + 20 * math.cos(0.45 * index[1]) * math.sin(0.4 * index[2])

        self.write("m.nii.gz", [value(i) for i in INDICES])
        errors = {}
        for interpolation in ("linear", "cubic"):
            self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz", "--interpolation", interpolation)
            warped, error, number = self.read("w.nii.gz"), 0.0, 0
            for i, index in enumerate(INDICES):
                at = FRAME.index([a + c[i] for a, c in zip(FRAME.point(*index), self.vectors)])
                if all(4 <= a <= n - 5 for a, n in zip(at, SIZE)):
                    error += (warped.data[i] - value(at)) ** 2
                    number += 1
            errors[interpolation] = math.sqrt(error / number)
        self.assertLess(errors["linear"], 3.0)
        self.assertLess(errors["cubic"], 0.1 * errors["linear"])

    def test_labels_keep_large_ids(self):
        """2^24 + 1 and its neighbours are one number in float."""
        labels = {"I": [0, 2 ** 24, 2 ** 24 + 1, 2 ** 32 - 1], "q": [0, 2 ** 24 + 1, 2 ** 32, 2 ** 53 + 1, -(2 ** 60) - 1],
                  "H": [0, 1, 65535], "B": [0, 7, 255], "f": [0.0, 1.0, 16777216.0]}
        for typecode, ids in labels.items():
            values = [ids[(x // 3 + y // 4 + z // 3) % len(ids)] for x, y, z in INDICES]
            self.write("m.nii.gz", values, typecode)
            for interpolation in ("label", "nearest"):
                self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz", "--interpolation", interpolation)
                warped = self.read("w.nii.gz")
                self.assertEqual(warped.data.typecode, typecode)
                self.assertEqual(set(warped.data), set(ids))
                decided = 0
                for i, index in enumerate(INDICES):
                    at = FRAME.index([a + c[i] for a, c in zip(FRAME.point(*index), self.vectors)])
                    if not all(0 <= a <= n - 1 for a, n in zip(at, SIZE)):
                        continue
                    votes = self.votes(values, at)
                    best = sorted(votes.values(), reverse=True)
                    if interpolation == "label" and (len(best) == 1 or best[0] - best[1] > 1e-3):
                        self.assertEqual(votes[warped.data[i]], best[0])
                        decided += 1
                    elif interpolation == "nearest":
                        self.assertIn(warped.data[i], votes)
                self.assertTrue(interpolation == "nearest" or decided > COUNT / 3)

    @staticmethod
    def votes(values, at):
        votes = {}
        low = [min(int(a), n - 2) for a, n in zip(at, SIZE)]
        for corner in range(8):
            side = (corner & 1, corner >> 1 & 1, corner >> 2)
            weight = math.prod((a - b) if s else (1 - a + b) for a, b, s in zip(at, low, side))
            label = values[low[0] + side[0] + SIZE[0] * (low[1] + side[1] + SIZE[1] * (low[2] + side[2]))]
            votes[label] = votes.get(label, 0.0) + weight
        return votes

    def test_types_are_kept_and_clamped(self):
        checker = [(x // 2 + y // 2 + z // 2) % 2 for x, y, z in INDICES]
        for typecode, top in (("B", 255), ("b", 127), ("h", 32767), ("H", 65535), ("i", 2 ** 31 - 1), ("I", 2 ** 32 - 1),
                              ("q", 2 ** 62), ("f", 1.0), ("d", 1.0)):
            self.write("m.nii.gz", [top * c for c in checker], typecode)
            self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz", "--interpolation", "cubic")
            data = self.read("w.nii.gz").data
            self.assertEqual(data.typecode, typecode)
            self.assertGreater(max(data), 0.9 * top)
            if typecode in "BHI":  # the spline overshoots on both sides
                self.assertEqual((min(data), max(data)), (0, top))

    def test_other_formats(self):
        self.write("m.nii.gz", [self.chance.randint(0, 200) for _ in range(COUNT)], "B")
        for name in ("w.nii.gz", "w.nii", "w.mha", "w.nrrd"):
            self.run_apply("-i", "m.nii.gz", "-o", name)
        self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz")
        self.assertEqual(self.read("w.nii").data, self.read("w.nii.gz").data)
        for name in ("w.mha", "w.nrrd"):  # and they are read: a map by nothing keeps them
            self.write("zero.nii.gz", [[0.0] * COUNT] * 3)
            self.succeed(self.apply("--displacement", "zero.nii.gz", "-i", name, "-o", "again.nii"))
            self.assertEqual(self.read("again.nii").data, self.read("w.nii").data)

    def points(self, rows, *arguments, header="id,x,y,z,note", output="q.csv"):
        (self.folder / "p.csv").write_text("\n".join([header, *rows]) + "\n")
        self.succeed(self.apply(*arguments, "--points", "p.csv", "--points-output", output))
        with open(self.folder / output, newline="") as stream:
            return list(csv.DictReader(stream))

    def grid_points(self):
        """Some voxel centres away from the border, and where they go."""
        chosen = [(5, 6, 7), (12, 9, 8), (9, 11, 5), (14, 12, 10)]
        result = []
        for x, y, z in chosen:
            i = x + SIZE[0] * (y + SIZE[1] * z)
            start = FRAME.point(x, y, z)
            result.append((start, tuple(a + c[i] for a, c in zip(start, self.vectors))))
        return result

    def test_points_go_with_the_displacement_and_back(self):
        known = self.grid_points()
        rows = [f'{n},{p[0]:.9f},{p[1]:.9f},{p[2]:.9f},"a, b"' for n, (p, _) in enumerate(known)]
        forward = self.points(rows, "--displacement", "u.nii.gz")
        for n, (row, (_, target)) in enumerate(zip(forward, known)):
            self.assertEqual((row["id"], row["note"]), (str(n), "a, b"))
            for name, value in zip("xyz", target):
                self.assertAlmostEqual(float(row[name]), value, delta=2e-6)
        back = self.points([f'{r["id"]},{r["x"]},{r["y"]},{r["z"]},' for r in forward], "--displacement", "u.nii.gz",
                           "--invert")
        for row, (start, _) in zip(back, known):
            for name, value in zip("xyz", start):
                self.assertAlmostEqual(float(row[name]), value, delta=1e-3)

    def test_points_by_the_inverse_field(self):
        """A constant shift has a known inverse."""
        self.write("shift.nii.gz", [[1.25] * COUNT, [-2.0] * COUNT, [0.5] * COUNT])
        self.write("back.nii.gz", [[-1.25] * COUNT, [2.0] * COUNT, [-0.5] * COUNT])
        p = FRAME.point(9, 9, 8)
        row = f"1,{p[0]},{p[1]},{p[2]},"
        for arguments in (("--inverse-displacement", "back.nii.gz"), ("--displacement", "shift.nii.gz")):
            result = self.points([row], *arguments, "--invert")[0]
            for name, value in zip("xyz", (p[0] - 1.25, p[1] + 2.0, p[2] - 0.5)):
                self.assertAlmostEqual(float(result[name]), value, delta=1e-3)

    def test_initial_transform_comes_after_the_displacement(self):
        """Two transforms in one file: the last is applied first, as itk::CompositeTransform does."""
        (self.folder / "two.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
            "Parameters: 2 0 0 0 1 0 0 0 1 0 0 0\nFixedParameters: 0 0 0\n"
            "#Transform 1\nTransform: TranslationTransform_double_3_3\nParameters: 3 0 0\nFixedParameters:\n")
        known = self.grid_points()
        rows = [f"{n},{p[0]:.9f},{p[1]:.9f},{p[2]:.9f}," for n, (p, _) in enumerate(known)]
        forward = self.points(rows, "--displacement", "u.nii.gz", "--initial-transform", "two.tfm")
        for row, (_, target) in zip(forward, known):
            for name, value in zip("xyz", (2 * (target[0] + 3), target[1], target[2])):
                self.assertAlmostEqual(float(row[name]), value, delta=4e-6)
        back = self.points([f'{r["id"]},{r["x"]},{r["y"]},{r["z"]},' for r in forward], "--displacement", "u.nii.gz",
                           "--initial-transform", "two.tfm", "--invert")
        for row, (start, _) in zip(back, known):
            for name, value in zip("xyz", start):
                self.assertAlmostEqual(float(row[name]), value, delta=1e-3)

    def test_points_outside_are_named_and_can_be_skipped(self):
        p = FRAME.point(9, 9, 8)
        rows = [f"in,{p[0]},{p[1]},{p[2]},a", "out,500,0,0,b"]
        (self.folder / "p.csv").write_text("id,x,y,z,note\n" + "\n".join(rows) + "\n")
        refused = self.apply("--displacement", "u.nii.gz", "--points", "p.csv", "--points-output", "q.csv")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("1 of 2 points cannot be mapped: line 3 (outside", refused.stderr)
        result = self.points(rows, "--displacement", "u.nii.gz", "--skip-unmapped")
        self.assertEqual([result[1][k] for k in ("id", "x", "y", "z", "note")], ["out", "", "", "", "b"])
        self.assertNotEqual(result[0]["x"], "")

    def test_inverting_an_image_takes_it_back(self):
        self.write("m.nii.gz", [math.sin(0.4 * x) + math.cos(0.35 * y) * math.sin(0.3 * z) for x, y, z in INDICES])
        self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz", "--interpolation", "cubic")
        self.run_apply("-i", "w.nii.gz", "-o", "b.nii.gz", "--interpolation", "cubic", "--invert", "--reference", "m.nii.gz")
        moving, back = self.read("m.nii.gz"), self.read("b.nii.gz")
        inner = [i for i, index in enumerate(INDICES) if all(5 <= a <= n - 6 for a, n in zip(index, SIZE))]
        rms = math.sqrt(sum((moving.data[i] - back.data[i]) ** 2 for i in inner) / len(inner))
        self.assertLess(rms, 0.01)

    def test_reference_decides_the_grid(self):
        self.write("m.nii.gz", [float(x) for x, _, _ in INDICES])
        size, matrix, origin = (6, 5, 4), ((2.0, 0, 0), (0, 2.0, 0), (0, 0, 2.0)), FRAME.point(8, 8, 10)
        nifti.write(self.folder / "grid.nii.gz", size, [0.0] * 120, "f", matrix, origin)
        self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz", "--reference", "grid.nii.gz")
        warped, u, moving = self.read("w.nii.gz"), self.read("u.nii.gz"), self.read("m.nii.gz")
        self.assertEqual(warped.size, size)
        for i, index in enumerate((x, y, z) for z in range(4) for y in range(5) for x in range(6)):
            p = warped.point(*index)
            at = u.index(p)
            expected = nifti.sample(moving, moving.index([a + nifti.sample(u, at, k) for k, a in enumerate(p)]))
            self.assertAlmostEqual(warped.data[i], expected, delta=1e-3)

    def test_only_the_grid_of_the_reference_counts(self):
        """A series over time, or values that are not finite, have a grid like any other image."""
        self.write("m.nii.gz", [float(x) for x, _, _ in INDICES])
        self.run_apply("-i", "m.nii.gz", "-o", "w.nii.gz")
        expected = self.read("w.nii.gz")
        self.write("nan.nii.gz", [math.nan] * COUNT)
        nifti.write(self.folder / "series.nii.gz", (*SIZE, 2), [0.0] * (2 * COUNT), "f", MATRIX, ORIGIN)
        for name in ("nan.nii.gz", "series.nii.gz"):
            self.run_apply("-i", "m.nii.gz", "-o", "v.nii.gz", "--reference", name)
            warped = self.read("v.nii.gz")
            self.assertEqual(warped.size, SIZE)
            self.assertEqual(warped.point(3, 4, 5), expected.point(3, 4, 5))
            self.assertEqual(warped.data, expected.data)

    def test_blanks_in_a_table_of_points(self):
        p = FRAME.point(9, 9, 8)
        known = self.points([f"1,{p[0]},{p[1]},{p[2]},"], "--displacement", "u.nii.gz")[0]
        blanks = self.points([f"1,  {p[0]} ,\t{p[1]},\" {p[2]} \","], "--displacement", "u.nii.gz")[0]
        self.assertEqual([known[k] for k in "xyz"], [blanks[k] for k in "xyz"])
        (self.folder / "p.csv").write_text("x,y,z\n1 2,3,4\n")  # neither 12 nor 1
        refused = self.apply("--displacement", "u.nii.gz", "--points", "p.csv", "--points-output", "r.csv")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("p.csv: line 2: x is not a number: '1 2'", refused.stderr)

    def test_a_column_whose_name_has_a_blank(self):
        (self.folder / "p.csv").write_text("x,y,z,a x\n1,2,3,4\n")
        self.succeed(self.apply("--displacement", "u.nii.gz", "--points", "p.csv", "--points-output", "q.csv",
                                "--skip-unmapped"))
        self.assertTrue((self.folder / "q.csv").read_text().endswith(",4\n"))


if __name__ == "__main__":
    support.main()
