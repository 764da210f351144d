#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of gnr-register, read by a program that knows ITK and nothing of this project. (ctest: skip code 77)

Every file must give PREFIX_warped.nii.gz again, within 1e-3 of the range of the intensities. Only voxels at whose
counterpart both programs interpolate between the same eight voxels count: within rounding of the border of the moving image
one may find it inside, the other outside."""
import gzip
import math
import struct

import nifti
import support

# An oblique grid with unequal spacing, and another one for the moving image.
MATRIX = ((0.8 * 2.0, -0.6 * 2.5, 0.0), (0.6 * 2.0, 0.8 * 2.5, 0.0), (0.0, 0.0, -2.25))
ORIGIN = (-20.0, 13.0, 40.0)
SIZE = (28, 24, 26)
MOVING_MATRIX = ((2.2, 0.0, 0.0), (0.0, -2.1, 0.0), (0.0, 0.0, 2.0))
MOVING_ORIGIN = (-50.0, 85.0, -25.0)
MOVING_SIZE = (36, 40, 38)

# x -> A (x - c) + c + t, fixed to moving points, by rows; det A = 1.1 * 0.95 * 1.05.
AFFINE = ((1.1, 0.0, 0.0), (0.0, 0.95, 0.0), (0.0, 0.0, 1.05))
CENTRE = (-10.0, 40.0, 15.0)
SHIFT = (6.0, -4.0, 3.0)
DETERMINANT = 1.1 * 0.95 * 1.05


def initial(point):
    return tuple(sum(AFFINE[r][k] * (point[k] - CENTRE[k]) for k in range(3)) + CENTRE[r] + SHIFT[r] for r in range(3))


class TransformFiles(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
        centres = [(*frame.point(*i), h) for i, h in (((9, 9, 9), 1.0), ((18, 13, 15), 0.7), ((12, 15, 17), -0.5))]
        moved = [(*initial((x + a, y + b, z + c)), h)
                 for (x, y, z, h), (a, b, c) in zip(centres, ((3, -1, 1), (-1, 2, 3), (2, 2, -2)))]
        for name, size, matrix, origin, at in (("fixed", SIZE, MATRIX, ORIGIN, centres),
                                               ("moving", MOVING_SIZE, MOVING_MATRIX, MOVING_ORIGIN, moved)):
            values = [100.0 * v for v in support.blobs(size, matrix, origin, at, 6.0)]
            nifti.write(self.folder / f"{name}.nii.gz", size, values, "f", matrix, origin)
        numbers = " ".join(str(v) for row in (*AFFINE, SHIFT) for v in row)
        (self.folder / "affine.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
            f"Parameters: {numbers}\nFixedParameters: {' '.join(map(str, CENTRE))}\n")

    def run_register(self, *arguments):
        self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "pair", "--beta", 10, "--normalization", "none",
                                   "--initial-transform", "affine.tfm", "--quiet", *arguments))

    def resample(self, *arguments, reference="fixed.nii.gz", image="moving.nii.gz"):
        """By ITK alone; the names of the transforms that it found, and the image."""
        run = self.succeed(self.itk_only(arguments[0], reference, image, "itk.nii.gz", *arguments[1:]))
        return run.stdout.split(), nifti.read(self.folder / "itk.nii.gz").data

    def read(self, name):
        return nifti.read(self.folder / name)

    def compare(self, values, expected, largest=1e-3):
        """Differences relative to the range: the largest, where the image is not cut off within rounding, and the mean."""
        spread = max(expected) - min(expected)
        differences = [abs(a - b) / spread for a, b in zip(values, expected)]
        self.assertGreater(spread, 50.0)
        self.assertLess(max(differences), largest)
        return max(differences), sum(differences) / len(differences)

    def test_composite_in_both_precisions(self):
        for precision in ("float", "double"):
            self.run_register("--composite", "--composite-precision", precision)
            warped = self.read("pair_warped.nii.gz").data
            names, values = self.resample("double", "transform", "pair_composite.h5")
            self.assertEqual(names, ["CompositeTransform_double_3_3"])  # ITK's reader converts
            self.compare(values, warped)
            names, values = self.resample("float", "transform", "pair_composite.h5")
            self.assertEqual(names, ["CompositeTransform_float_3_3"])
            self.compare(values, warped)
        sizes = {}
        for precision in ("float", "double"):
            self.run_register("--composite", "--composite-precision", precision)
            sizes[precision] = (self.folder / "pair_composite.h5").stat().st_size
        field = 3 * SIZE[0] * SIZE[1] * SIZE[2]
        self.assertLess(abs(sizes["double"] - sizes["float"] - 4 * field), 0.1 * 4 * field)

    def test_composite_is_not_the_displacement_alone(self):
        """What the comparison is worth: without the initial transform the images differ by far more than its bound."""
        self.run_register("--composite")
        _, values = self.resample("double", "field", "pair_displacement.nii.gz")
        with self.assertRaises(AssertionError):
            self.compare(values, self.read("pair_warped.nii.gz").data)

    def test_displacement_and_transform_file(self):
        self.run_register()
        for precision in ("float", "double"):
            _, values = self.resample(precision, "transform", "affine.tfm", "field", "pair_displacement.nii.gz")
            self.compare(values, self.read("pair_warped.nii.gz").data)

    def test_inverse_composite_undoes_the_composite(self):
        self.run_register("--composite", "--inverse", "--composite-precision", "double")
        frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
        points = [frame.point(*i) for i in ((9, 9, 9), (18, 13, 15), (12, 15, 17), (14, 12, 13), (6, 17, 8))]
        text = "".join("{} {} {}\n".format(*p) for p in points)
        there = self.succeed(self.itk_only("double", "points", "transform", "pair_composite.h5", stdin=text)).stdout
        there = "\n".join(line for line in there.splitlines() if "Transform" not in line)
        back = self.succeed(self.itk_only("double", "points", "transform", "pair_inverse_composite.h5", stdin=there)).stdout
        back = [tuple(map(float, line.split())) for line in back.splitlines() if "Transform" not in line]
        moved = max(math.dist(p, tuple(map(float, q.split()))) for p, q in zip(points, there.splitlines()))
        self.assertGreater(moved, 5.0)
        # Both fields are interpolated linearly between voxels of 2 to 2.5 mm.
        self.assertLess(max(math.dist(p, q) for p, q in zip(points, back)), 0.1)
        # The same as the inverse displacement with the inverse affine, as this project applies it.
        self.succeed(self.apply("--inverse-displacement", "pair_inverse_displacement.nii.gz", "--initial-transform",
                                "affine.tfm", "--invert", "-i", "fixed.nii.gz", "-o", "back.nii.gz",
                                "--reference", "moving.nii.gz", "--quiet"))
        _, values = self.resample("double", "transform", "pair_inverse_composite.h5", reference="moving.nii.gz",
                                  image="fixed.nii.gz")
        ours = self.read("back.nii.gz").data
        # ITK takes a field as 0 outside of its grid, this project takes the map as undefined there: 0 in the image.
        inside = [i for i, v in enumerate(ours) if v != 0.0]
        self.assertGreater(len(inside), len(ours) / 10)
        self.compare([values[i] for i in inside], [ours[i] for i in inside])

    def test_velocity_has_the_displacement_as_its_exponential(self):
        """ITK interpolates the velocity linearly, the solver cubically: hundredths of a voxel apart, 1e-3 on average."""
        self.run_register("--velocity")
        _, values = self.resample("double", "transform", "affine.tfm", "velocity", "pair_velocity.nii.gz")
        _, mean = self.compare(values, self.read("pair_warped.nii.gz").data, largest=2e-2)
        self.assertLess(mean, 1e-3)

    @staticmethod
    def header(path):
        with gzip.open(path) as stream:
            raw = stream.read(352)
        return struct.unpack_from("<8h", raw, 40), struct.unpack_from("<h", raw, 68)[0]

    def test_intents_and_signs_of_nifti_fields(self):
        """1007 (VECTOR): vectors in LPS, as ITK and ANTs write them. 1006 (DISPVECT): vectors in RAS, as NIfTI, 3D Slicer
        and ITK from 5.4 on have them."""
        self.run_register("--dispvect", "--inverse", "--velocity")
        for name, intent in (("displacement", 1007), ("inverse_displacement", 1007), ("velocity", 1007), ("dispvect", 1006)):
            dim, code = self.header(self.folder / f"pair_{name}.nii.gz")
            self.assertEqual(dim[:6], (5, *SIZE, 1, 3), name)
            self.assertEqual(code, intent, name)
        u, ras = self.read("pair_displacement.nii.gz"), self.read("pair_dispvect.nii.gz")
        self.assertGreater(max(map(abs, u.components[0])), 1.0)
        for component, sign in enumerate((-1, -1, 1)):
            self.assertEqual([sign * v for v in u.components[component]], list(ras.components[component]))
        self.assertEqual((u.matrix, u.origin), (ras.matrix, ras.origin))

        # This project reads both.
        for name in ("pair_displacement.nii.gz", "pair_dispvect.nii.gz"):
            self.succeed(self.apply("-t", "affine.tfm", "-t", name, "-i", "moving.nii.gz", "-o", "w.nii.gz", "--quiet"))
            self.compare(self.read("w.nii.gz").data, self.read("pair_warped.nii.gz").data)
        # So does ITK from 5.4 on; before, it takes the first component for all three.
        version = tuple(map(int, self.succeed(self.itk_only("version")).stdout.split(".")[:2]))
        _, values = self.resample("double", "transform", "affine.tfm", "field", "pair_dispvect.nii.gz") \
            if version >= (5, 4) else (None, None)
        if values:
            self.compare(values, self.read("pair_warped.nii.gz").data)
        # Under the code 1007 the same bytes are vectors in RAS for every ITK: two signs wrong.
        with gzip.open(self.folder / "pair_dispvect.nii.gz") as stream:
            raw = bytearray(stream.read())
        struct.pack_into("<h", raw, 68, 1007)
        (self.folder / "turned.nii").write_bytes(raw)
        _, values = self.resample("double", "transform", "affine.tfm", "field", "turned.nii")
        with self.assertRaises(AssertionError):
            self.compare(values, self.read("pair_warped.nii.gz").data)

    def test_chains_as_itk_composes_them(self):
        """A transform after, a field, and the inverse of a transform, onto a third grid."""
        self.run_register("--composite", "--inverse")
        size, matrix = (20, 22, 18), ((2.4, 0.0, 0.0), (0.0, 0.0, 2.6), (0.0, -2.3, 0.0))
        frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
        middle = frame.point(13.5, 11.5, 12.5)
        origin = tuple(middle[r] - sum(matrix[r][k] * (size[k] - 1) / 2 for k in range(3)) for r in range(3))
        nifti.write(self.folder / "grid.nii.gz", size, [0.0] * (size[0] * size[1] * size[2]), "f", matrix, origin)
        (self.folder / "shift.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
            "Parameters: 2 -1 3\nFixedParameters:\n")
        (self.folder / "back.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
            "Parameters: -2 1 -3\nFixedParameters:\n")
        self.succeed(self.apply("-t", "inverse:back.tfm", "-t", "pair_composite.h5", "-t", "inverse:shift.tfm",
                                "-i", "moving.nii.gz", "-o", "w.nii.gz", "--reference", "grid.nii.gz", "--quiet"))
        _, values = self.resample("double", "transform", "shift.tfm", "transform", "pair_composite.h5", "transform",
                                  "back.tfm", reference="grid.nii.gz")
        ours = self.read("w.nii.gz")
        self.assertEqual(ours.size, size)
        inside = [i for i, v in enumerate(ours.data) if v != 0.0]
        self.assertGreater(len(inside), len(values) / 3)
        self.compare([values[i] for i in inside], [ours.data[i] for i in inside])

        # The inverse of the whole chain, point by point.
        rows = "\n".join("{:.6f},{:.6f},{:.6f}".format(*frame.point(*i)) for i in ((9, 9, 9), (18, 13, 15), (12, 15, 17)))
        (self.folder / "p.csv").write_text("x,y,z\n" + rows + "\n")
        chain = ("-t", "inverse:back.tfm", "-t", "pair_composite.h5", "-t", "inverse:shift.tfm", "--quiet")
        self.succeed(self.apply(*chain, "--points", "p.csv", "--points-output", "q.csv"))
        self.succeed(self.apply(*chain, "--invert", "--points", "q.csv", "--points-output", "r.csv"))
        for before, after in zip(rows.splitlines(), (self.folder / "r.csv").read_text().splitlines()[1:]):
            a, b = (tuple(map(float, line.split(","))) for line in (before, after))
            self.assertLess(math.dist(a, b), 2e-3)  # each of the two solves is exact to 1e-3 mm
        there = [tuple(map(float, line.split(","))) for line in (self.folder / "q.csv").read_text().splitlines()[1:]]
        text = rows.replace(",", " ") + "\n"
        itk = self.succeed(self.itk_only("double", "points", "transform", "shift.tfm", "transform", "pair_composite.h5",
                                         "transform", "back.tfm", stdin=text)).stdout
        itk = [tuple(map(float, line.split())) for line in itk.splitlines() if "Transform" not in line]
        for a, b in zip(there, itk):
            self.assertLess(math.dist(a, b), 1e-4)

    def test_reference_is_needed_where_nothing_tells_the_grid(self):
        result = self.apply("-t", "affine.tfm", "-i", "moving.nii.gz", "-o", "w.nii.gz")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--reference: is missing", result.stderr)
        self.succeed(self.apply("-t", "affine.tfm", "-i", "moving.nii.gz", "-o", "w.nii.gz", "--reference", "fixed.nii.gz"))
        _, values = self.resample("double", "transform", "affine.tfm")
        self.compare(self.read("w.nii.gz").data, values)
        result = self.apply("-t", "affine.tfm", "--displacement", "u.nii.gz", "-i", "moving.nii.gz", "-o", "v.nii.gz")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--transform: is a chain of its own", result.stderr)

    def test_jacobian_of_an_affine_map_is_its_determinant(self):
        self.succeed(self.apply("-t", "affine.tfm", "--reference", "fixed.nii.gz", "--jacobian", "j.nii.gz",
                                "--log-jacobian", "l.nii.gz"))
        for value in self.read("j.nii.gz").data:
            self.assertAlmostEqual(value, DETERMINANT, delta=1e-6)
        for value in self.read("l.nii.gz").data:
            self.assertAlmostEqual(value, math.log(DETERMINANT), delta=1e-6)
        self.succeed(self.apply("-t", "inverse:affine.tfm", "--reference", "fixed.nii.gz", "--jacobian", "j.nii.gz"))
        for value in self.read("j.nii.gz").data:
            self.assertAlmostEqual(value, 1 / DETERMINANT, delta=1e-6)

    def test_jacobian_of_a_registration(self):
        """That of the displacement is PREFIX_determinant.nii.gz; the affine transform after it multiplies it."""
        self.run_register("--determinant", "--composite")
        det = self.read("pair_determinant.nii.gz").data
        self.succeed(self.apply("-t", "pair_displacement.nii.gz", "--jacobian", "j.nii.gz"))
        self.succeed(self.apply("-t", "pair_composite.h5", "--jacobian", "c.nii.gz", "--log-jacobian", "l.nii.gz"))
        alone, whole, logarithm = (self.read(n).data for n in ("j.nii.gz", "c.nii.gz", "l.nii.gz"))
        self.assertGreater(max(det) - min(det), 0.2)
        inner = [i for i in range(len(det)) if all(0 < a < n - 1 for a, n in zip(
            (i % SIZE[0], i // SIZE[0] % SIZE[1], i // (SIZE[0] * SIZE[1])), SIZE))]
        for i in inner:
            self.assertAlmostEqual(alone[i], det[i], delta=1e-4)
            self.assertAlmostEqual(whole[i], DETERMINANT * det[i], delta=1e-4)
            self.assertAlmostEqual(logarithm[i], math.log(DETERMINANT * det[i]), delta=2e-4)

    def test_logarithm_of_a_fold_is_refused(self):
        frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
        points = [frame.point(x, y, z) for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]
        # x -> -x about a plane inside: determinant -1 everywhere.
        nifti.write(self.folder / "fold.nii.gz", SIZE, [[2 * (CENTRE[0] - p[0]) for p in points], [0.0] * len(points),
                                                        [0.0] * len(points)], "f", MATRIX, ORIGIN)
        result = self.apply("-t", "fold.nii.gz", "--log-jacobian", "l.nii.gz")
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"folds at {len(points)} of {len(points)} voxels", result.stderr)
        self.assertFalse((self.folder / "l.nii.gz").exists())
        run = self.succeed(self.apply("-t", "fold.nii.gz", "--jacobian", "j.nii.gz"))
        self.assertIn("the map folds at", run.stdout)
        for value in self.read("j.nii.gz").data:
            self.assertAlmostEqual(value, -1.0, delta=1e-4)

    def test_inverse_composite_of_an_alignment(self):
        """The inverse of a rigid transform is of a class that no reader knows; in the file it is an affine one."""
        for precision in ("float", "double"):
            self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "pair", "--beta", 10, "--iterations", 1,
                                       "--initial-transform", "rigid", "--inverse", "--composite", "--composite-precision",
                                       precision, "--quiet"))
            frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
            points = [frame.point(*i) for i in ((9, 9, 9), (18, 13, 15), (12, 15, 17), (14, 12, 13))]
            text = "".join("{} {} {}\n".format(*p) for p in points)
            for name in ("pair_composite.h5", "pair_inverse_composite.h5"):
                run = self.succeed(self.itk_only(precision, "points", "transform", name, stdin=text))
                text = "\n".join(line for line in run.stdout.splitlines() if "Transform" not in line) + "\n"
            back = [tuple(map(float, line.split())) for line in text.splitlines()]
            self.assertEqual(len(back), len(points))
            for p, q in zip(points, back):
                self.assertLess(math.dist(p, q), 0.05)  # mm; a fiftieth of a voxel, that of the interpolated inverse
        self.succeed(self.apply("-t", "pair_inverse_composite.h5", "-i", "fixed.nii.gz", "-o", "back.nii.gz", "--reference",
                                "moving.nii.gz"))

    def test_the_transforms_of_ants_and_c3d(self):
        """MatrixOffsetTransformBase is what they call an affine transform; the reader of ITK does not know it."""
        text = (self.folder / "affine.tfm").read_text()
        self.run_register("--composite")
        expected = self.read("pair_warped.nii.gz").data
        points = "x,y,z\n1,2,3\n-20,40,15\n"
        (self.folder / "p.csv").write_text(points)
        for kind in ("double", "float"):
            (self.folder / "affine.tfm").write_text(
                text.replace("AffineTransform_double", f"MatrixOffsetTransformBase_{kind}"))
            for inverse in ("", "inverse:"):
                self.succeed(self.apply("-t", f"{inverse}affine.tfm", "--points", "p.csv", "--points-output", "q.csv"))
                rows = [tuple(map(float, r.split(","))) for r in (self.folder / "q.csv").read_text().splitlines()[1:]]
                for p, q in zip(((1, 2, 3), (-20, 40, 15)), rows):
                    start, end = (q, p) if inverse else (p, q)
                    self.assertLess(math.dist(initial(start), end), 2e-6 * 2)
            self.run_register("--composite", "--inverse")
            self.compare(self.read("pair_warped.nii.gz").data, expected)
            names, values = self.resample("double", "transform", "pair_composite.h5")
            self.compare(values, expected)

    def write_spline(self, height):
        """A B-spline whose displacement is a wave: a height in mm, 0.03 radian per mm along each axis."""
        n, spacing = 11, 30.0
        coefficients = [height * math.sin(0.9 * (i * a + j * b + k * c) + phase)
                        for a, b, c, phase in ((1, 0, 0, 0.3), (0, 1, 0, 1.1), (0, 0, 1, 2.0))
                        for k in range(n) for j in range(n) for i in range(n)]
        (self.folder / "spline.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: BSplineTransform_double_3_3\n"
            f"Parameters: {' '.join(map(repr, coefficients))}\nFixedParameters: {n} {n} {n} -150 -100 -150 {spacing} {spacing} "
            f"{spacing} 1 0 0 0 1 0 0 0 1\n")

    def test_inverse_composite_without_a_closed_form(self):
        """The inverse of a B-spline is a field on the moving grid. There and back: a linear interpolation over h of 2.2 mm
        errs by at most h^2/8 of the second derivative, 4 mm (0.03/mm)^2, for each component; the inverse bends less than
        twice as much where the displacement has a slope of 0.12, and each voxel is exact to 1e-3 mm."""
        bound = 2 * math.sqrt(3) * 2.2 ** 2 / 8 * 4 * 0.03 ** 2 + 1e-3
        self.write_spline(4.0)
        frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
        points = [frame.point(*i) for i in ((9, 9, 9), (18, 13, 15), (12, 15, 17), (14, 12, 13), (10, 8, 20))]
        for precision in ("float", "double"):
            self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "pair", "--iterations", 0, "--initial-transform",
                                       "spline.tfm", "--inverse", "--composite", "--composite-precision", precision, "--quiet"))
            text = "".join("{} {} {}\n".format(*p) for p in points)
            for name in ("pair_composite.h5", "pair_inverse_composite.h5"):
                run = self.succeed(self.itk_only(precision, "points", "transform", name, stdin=text))
                text = "\n".join(line for line in run.stdout.splitlines() if "Transform" not in line) + "\n"
                if name == "pair_composite.h5":
                    moved = [tuple(map(float, line.split())) for line in text.splitlines()]
                    self.assertGreater(max(map(math.dist, points, moved)), 2.0)
            back = [tuple(map(float, line.split())) for line in text.splitlines()]
            for p, q in zip(points, back):
                self.assertLess(math.dist(p, q), bound)
        # With a displacement, too, as the rigid one above.
        self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "pair", "--beta", 10, "--iterations", 1,
                                   "--initial-transform", "spline.tfm", "--inverse", "--composite", "--quiet"))
        self.succeed(self.apply("-t", "pair_inverse_composite.h5", "-i", "fixed.nii.gz", "-o", "back.nii.gz", "--reference",
                                "moving.nii.gz"))

    def test_inverse_composite_of_a_start_that_folds(self):
        """Refused before the solve, and said clearly."""
        self.write_spline(80.0)
        result = self.register("fixed.nii.gz", "moving.nii.gz", "-o", "pair", "--initial-transform", "spline.tfm",
                               "--composite", "--inverse")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, rf"spline.tfm: cannot be inverted at \d+ of {math.prod(MOVING_SIZE)} voxels of MOVING")
        self.assertFalse([line for line in result.stdout.splitlines() if line.split()[:2] == ["1", "1"]])

    def test_inverse_composite_needs_an_invertible_start(self):
        (self.folder / "flat.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
            "Parameters: 1 0 0 0 1 0 0 0 0 0 0 0\nFixedParameters: 0 0 0\n")
        result = self.register("fixed.nii.gz", "moving.nii.gz", "-o", "pair", "--initial-transform", "flat.tfm",
                               "--composite", "--inverse", "--quiet")
        self.assertEqual(result.returncode, 2)
        self.assertIn("flat.tfm: holds a transform without an inverse", result.stderr)


if __name__ == "__main__":
    support.main()
