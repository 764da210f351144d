#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Transforms of elastix and of FSL's FLIRT, by points and images whose counterparts follow from the definitions of these
formats. (ctest: skip code 77)"""
import gzip
import json
import math
import struct

import nifti
import support

POINTS = ((1.0, 2.0, 3.0), (-40.5, 12.25, 60.0), (17.0, -33.0, 8.5))
CENTRE = (4.0, -7.0, 11.0)


def product(a, b):
    return [[sum(a[r][k] * b[k][c] for k in range(3)) for c in range(3)] for r in range(3)]


def turn(axis, angle):
    c, s = math.cos(angle), math.sin(angle)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = [[float(r == k) for k in range(3)] for r in range(3)]
    matrix[i][i] = matrix[j][j] = c
    matrix[i][j], matrix[j][i] = -s, s
    return matrix


def about(matrix, shift, point):
    """A (x - c) + c + t"""
    return [sum(matrix[r][k] * (point[k] - CENTRE[k]) for k in range(3)) + CENTRE[r] + shift[r] for r in range(3)]


class Foreign(support.CommandLineTest):
    def map(self, transform, *arguments, points=POINTS):
        rows = "".join("{!r},{!r},{!r}\n".format(*p) for p in points)
        (self.folder / "p.csv").write_text("x,y,z\n" + rows)
        self.succeed(self.apply("-t", transform, *arguments, "--points", "p.csv", "--points-output", "q.csv"))
        return [tuple(map(float, r.split(","))) for r in (self.folder / "q.csv").read_text().splitlines()[1:]]

    def near(self, found, expected, delta=1e-6):  # of 6 decimals
        self.assertEqual(len(found), len(expected))
        for a, b in zip(found, expected):
            self.assertLess(math.dist(a, b), delta)

    def refuse(self, transform, says, *arguments, names=None):
        (self.folder / "p.csv").write_text("x,y,z\n1,2,3\n")
        run = self.apply("-t", transform, *arguments, "--points", "p.csv", "--points-output", "q.csv")
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertTrue(run.stderr.startswith(f"gnr-apply: error: {names or transform}: "), run.stderr)
        self.assertIn(says, run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)


class Elastix(Foreign):
    def write(self, kind, parameters, name="t.txt", initial="NoInitialTransform", **more):
        values = {"Transform": f'"{kind}"', "NumberOfParameters": len(parameters),
                  "TransformParameters": " ".join(map(repr, parameters)),
                  "InitialTransformParametersFileName": f'"{initial}"', "HowToCombineTransforms": '"Compose"',
                  "FixedImageDimension": 3, "MovingImageDimension": 3, "FixedInternalImagePixelType": '"float"',
                  "UseDirectionCosines": '"true"', "Size": "20 20 20", "ResampleInterpolator": '"FinalBSplineInterpolator"'}
        values.update(more)
        text = "".join(f"({key} {value})\n" for key, value in values.items() if value is not None)
        (self.folder / name).write_text("// of elastix\n\n" + text.replace("(Size", "\n// Image specific\n(Size"))

    def test_translation(self):
        self.write("TranslationTransform", [5.0, -2.5, 7.25])
        self.near(self.map("t.txt"), [(x + 5, y - 2.5, z + 7.25) for x, y, z in POINTS])
        self.near(self.map("inverse:t.txt"), [(x - 5, y + 2.5, z - 7.25) for x, y, z in POINTS])

    def test_rotation_about_a_centre(self):
        angles, shift = (0.3, -0.5, 0.7), (2.0, 3.0, -4.0)
        x, y, z = (turn(axis, angle) for axis, angle in enumerate(angles))
        for zyx, matrix in (("false", product(z, product(x, y))), ("true", product(z, product(y, x)))):
            self.write("EulerTransform", [*angles, *shift], CenterOfRotationPoint="4 -7 11", ComputeZYX=f'"{zyx}"')
            self.near(self.map("t.txt"), [about(matrix, shift, p) for p in POINTS])

    def test_similarity(self):
        """The vector part of a quaternion, translation, scale: here half a turn by 0.8 about an axis of length 1."""
        axis, angle, scale, shift = (2 / 3, -1 / 3, 2 / 3), 0.8, 1.3, (1.0, -2.0, 0.5)
        c, s = math.cos(angle), math.sin(angle)
        cross = [[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]]
        matrix = [[scale * (c * (r == k) + s * cross[r][k] + (1 - c) * axis[r] * axis[k]) for k in range(3)]
                  for r in range(3)]
        self.write("SimilarityTransform", [*(a * math.sin(angle / 2) for a in axis), *shift, scale],
                   CenterOfRotationPoint="4 -7 11")
        self.near(self.map("t.txt"), [about(matrix, shift, p) for p in POINTS])

    AFFINE, SHIFT = ((1.1, 0.2, 0.0), (-0.1, 0.9, 0.05), (0.0, 0.3, 1.2)), (3.0, -6.0, 1.0)

    def test_affine(self):
        self.write("AffineTransform", [*(v for row in self.AFFINE for v in row), *self.SHIFT],
                   CenterOfRotationPoint="4 -7 11")
        self.near(self.map("t.txt"), [about(self.AFFINE, self.SHIFT, p) for p in POINTS])

    # A grid of control points whose axes are turned about z.
    GRID, SPACING, ORIGIN, AXES = (9, 8, 10), (12.0, 15.0, 11.0), (-60.0, -70.0, -20.0), turn(2, 0.4)

    def spline(self, **more):
        """Cubic B-splines with the coefficients k^2 - 1/3 make k^2, and those with k make k, k an index of the grid."""
        g = self.GRID
        indices = [(i, j, k) for k in range(g[2]) for j in range(g[1]) for i in range(g[0])]
        x = [0.05 * (i * i - 1 / 3) for i, j, k in indices]
        y = [0.3 * j - 0.2 * k for i, j, k in indices]
        z = [1.5 for _ in indices]
        columns = " ".join(repr(self.AXES[r][c]) for c in range(3) for r in range(3))
        values = {"GridSize": "9 8 10", "GridIndex": "0 0 0", "GridSpacing": "12 15 11", "GridOrigin": "-60 -70 -20",
                  "GridDirection": columns, "BSplineTransformSplineOrder": "3", "UseCyclicTransform": '"false"'}
        self.write(more.pop("kind", "BSplineTransform"), [*x, *y, *z], **{**values, **more})

    def displaced(self, point):
        offset = [a - b for a, b in zip(point, self.ORIGIN)]
        index = [sum(self.AXES[r][c] * offset[r] for r in range(3)) / self.SPACING[c] for c in range(3)]
        self.assertTrue(all(1 <= a <= n - 2 for a, n in zip(index, self.GRID)), index)
        return (point[0] + 0.05 * index[0] ** 2, point[1] + 0.3 * index[1] - 0.2 * index[2], point[2] + 1.5)

    INSIDE = ((-12.0, 2.0, 30.0), (-20.0, -20.0, 45.0), (-5.0, 10.0, 20.0))

    def test_spline(self):
        for kind in ("BSplineTransform", "RecursiveBSplineTransform"):
            self.spline(kind=kind)
            self.near(self.map("t.txt", points=self.INSIDE), [self.displaced(p) for p in self.INSIDE])
        self.near(self.map("t.txt", points=((500.0, 0.0, 0.0),)), [(500.0, 0.0, 0.0)])  # outside of the grid

    def test_chain(self):
        """The initial transform comes first; its file lies beside, or is named from the root, or by the newer name."""
        self.write("AffineTransform", [*(v for row in self.AFFINE for v in row), *self.SHIFT], name="first.txt",
                   CenterOfRotationPoint="4 -7 11")
        points = [(-20.0, 10.0, 30.0), (-14.0, 2.0, 35.0)]
        expected = [self.displaced(about(self.AFFINE, self.SHIFT, p)) for p in points]
        self.spline(initial="first.txt")
        self.near(self.map("t.txt", points=points), expected)
        self.near(self.map("inverse:t.txt", points=expected), points, 2e-3)
        self.spline(initial=self.folder / "first.txt")
        self.near(self.map("t.txt", points=points), expected)
        self.spline(InitialTransformParametersFileName=None, InitialTransformParameterFileName='"first.txt"')
        self.near(self.map("t.txt", points=points), expected)
        (self.folder / "other").mkdir()
        for name in ("t.txt", "first.txt"):
            (self.folder / name).rename(self.folder / "other" / name)
        self.near(self.map("other/t.txt", points=points), expected)

    def test_an_initial_transform_is_an_input(self):
        self.write("TranslationTransform", [1.0, 0.0, 0.0], name="first.txt")
        self.write("TranslationTransform", [0.0, 1.0, 0.0], initial="first.txt")
        (self.folder / "p.csv").write_text("x,y,z\n1,2,3\n")
        run = self.apply("-t", "t.txt", "--points", "p.csv", "--points-output", "first.txt")
        self.assertEqual(run.returncode, 2)
        self.assertIn("first.txt: is an input", run.stderr)

    def test_what_is_refused(self):
        shift = [1.0, 2.0, 3.0]

        def change(says, kind="TranslationTransform", parameters=shift, **more):
            self.write(kind, parameters, **more)
            self.refuse("t.txt", says)

        change("holds a SplineKernelTransform of elastix, which is not read", kind="SplineKernelTransform")
        change("its parameter TransformParameters has 4 numbers, not 3", parameters=[1.0, 2.0, 3.0, 4.0])
        change("has 'nan' in place of a finite number", parameters=[1.0, math.nan, 3.0])
        change("is a transform of images of 2 axes", FixedImageDimension=2)
        change("leaves the directions of the images out", UseDirectionCosines='"false"')
        change("has its parameters in another file", UseBinaryFormatForTransformationParameters='"true"')
        change("names the initial transform none.txt, which does not exist", initial="none.txt")
        change("names the initial transform xxx", initial="x" * 5000)  # a name that no file can have
        change("names an initial transform after 16 others, or itself", initial="t.txt")
        change('does not say HowToCombineTransforms "Compose"', initial="t.txt", HowToCombineTransforms='"Add"')
        change("has no parameter Transform.", Transform=None)
        change("has no parameter CenterOfRotationPoint", kind="EulerTransform", parameters=[0.0] * 6)
        change("gives Transform a second time", Size='1)\n(Transform "EulerTransform"')
        self.write("TranslationTransform", shift)
        text = (self.folder / "t.txt").read_text()
        (self.folder / "t.txt").write_text(text[:-3])
        self.refuse("t.txt", "is no parameter as '(Name value)'")
        for says, more in (("its B-spline is of order 2", {"BSplineTransformSplineOrder": 2}),
                           ("its B-spline is cyclic", {"UseCyclicTransform": '"true"'}),
                           ("which do not fit its GridSize", {"GridSize": "9 8 11"}),
                           ("sizes that are no whole numbers from 4 on", {"GridSize": "3 24 10"}),
                           ("its GridIndex is not 0 0 0", {"GridIndex": "0 0 1"}),
                           ("its GridDirection is no rotation", {"GridDirection": "1 0 0 0 1 0 0 0 0"}),
                           ("spacings that are not above 0", {"GridSpacing": "12 0 11"})):
            self.spline(**more)
            self.refuse("t.txt", says)


class Flirt(Foreign):
    """Grids along the axes of RAS, so that all can be followed by hand."""

    SIZE, INPUT_SIZE = (12, 14, 10), (10, 11, 13)

    def image(self, name, size, step, first, values=None):
        """In RAS the voxel i lies at first + step * i."""
        matrix = ((-step[0], 0, 0), (0, -step[1], 0), (0, 0, step[2]))
        nifti.write(self.folder / name, size, values or [0.0] * math.prod(size), "f", matrix,
                    (-first[0], -first[1], first[2]))

    def matrix(self, rows, name="m.mat"):
        (self.folder / name).write_text("".join("  ".join(f"{v:.10f}" for v in row) + "  \n" for row in rows))

    IDENTITY = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    IMAGES = ("--fsl-images", "ref.nii.gz", "in.nii.gz")

    def test_the_same_corner(self):
        """The identity of FLIRT lays the corners at which its axes begin over one another: the first voxel of an image
        with a negative determinant, and of others the last one along x."""
        self.image("ref.nii.gz", self.SIZE, (-1.5, 1.5, 2.0), (20.0, -4.0, 3.0))
        self.image("in.nii.gz", self.INPUT_SIZE, (2.0, 2.5, 1.0), (-5.0, 1.0, -6.0))
        self.matrix(self.IDENTITY)
        # x of FSL: 20 - x in the reference, (2 * 9 - 5) - x = 13 - x in the input; y: y + 4 and y - 1; z: z - 3 and z + 6.
        # So a point (x, y, z) of the reference is (x - 7, y + 5, z - 9) of the input, in RAS.
        expected = [(x + 7, y - 5, z - 9) for x, y, z in POINTS]
        self.near(self.map("m.mat", *self.IMAGES), expected)
        self.near(self.map("inverse:m.mat", *self.IMAGES, points=expected), POINTS)

    def test_a_shift_goes_the_same_way_for_both_orientations(self):
        """A shift by +3 mm along x of FSL, from input to reference, is one to the right: x falls by 3 in RAS."""
        self.matrix(((1, 0, 0, 3), (0, 1, 0, -2), (0, 0, 1, 5), (0, 0, 0, 1)))
        for step in (-2.0, 2.0):
            for name in ("ref.nii.gz", "in.nii.gz"):
                self.image(name, self.SIZE, (step, 2.0, 2.0), (1.0, 2.0, 3.0))
            # From reference to input x grows by 3, y by 2, z falls by 5 in RAS; in LPS x falls by 3 and y by 2.
            self.near(self.map("m.mat", *self.IMAGES), [(x - 3, y - 2, z - 5) for x, y, z in POINTS])

    def test_a_rotation(self):
        """A quarter of a turn about z of FSL, in an image with a positive determinant, on voxels of 2 mm and no sform of
        the same size: x of FSL is 22 - 2 i, y is 2 j. A voxel (i, j) of the input goes to x' = -2 j + 22, y' = 22 - 2 i,
        which is the voxel (j, 11 - i) of the reference; so the voxel (a, b) comes from (11 - b, a)."""
        self.matrix(((0, -1, 0, 22), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)))
        for name in ("ref.nii.gz", "in.nii.gz"):
            self.image(name, self.SIZE, (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
        voxels = [(3, 4, 5), (0, 0, 0), (7, 2, 9)]
        points = [(-2.0 * a, -2.0 * b, 2.0 * c) for a, b, c in voxels]
        expected = [(-2.0 * (11 - b), -2.0 * a, 2.0 * c) for a, b, c in voxels]
        self.near(self.map("m.mat", *self.IMAGES, points=points), expected)

    def test_an_image_comes_where_it_belongs(self):
        """The voxels of both images begin at one corner of FSL, and the same values lie in the same order."""
        self.image("ref.nii.gz", self.SIZE, (-2.0, 2.0, 2.0), (7.0, -3.0, 4.0))
        size = self.SIZE
        values = [float((7 * i + 3 * j * j + 11 * k) % 23) for k in range(size[2]) for j in range(size[1])
                  for i in range(size[0])]
        self.image("in.nii.gz", size, (-2.0, 2.0, 2.0), (-50.0, 30.0, 1.0), values)
        self.matrix(self.IDENTITY)
        self.succeed(self.apply("-t", "m.mat", *self.IMAGES, "-i", "in.nii.gz", "-o", "w.nii.gz", "--reference", "ref.nii.gz"))
        for a, b in zip(nifti.read(self.folder / "w.nii.gz").data, values):
            self.assertAlmostEqual(a, b, delta=1e-4)

    def test_as_the_start_of_a_registration(self):
        """The transform is written as one of ITK, which needs no images, and gnr-view takes that."""
        self.image("ref.nii.gz", (20, 20, 20), (-2.0, 2.0, 2.0), (20.0, -20.0, -20.0), support.blobs(
            (20, 20, 20), ((2, 0, 0), (0, -2, 0), (0, 0, 2)), (-20, 20, -20), [(0, 0, 0, 100.0), (8, -6, 4, 60.0)], 5.0))
        self.image("in.nii.gz", (20, 20, 20), (-2.0, 2.0, 2.0), (50.0, -20.0, -20.0), support.blobs(
            (20, 20, 20), ((2, 0, 0), (0, -2, 0), (0, 0, 2)), (-20, 20, -20), [(1, 0, 0, 100.0), (8, -5, 4, 60.0)], 5.0))
        self.matrix(self.IDENTITY)
        self.succeed(self.register("ref.nii.gz", "in.nii.gz", "-o", "pair", "--initial-transform", "m.mat", *self.IMAGES,
                                   "--quiet"))
        report = json.loads((self.folder / "pair_report.json").read_text())
        self.assertEqual(report["inputs"]["fslImages"], ["ref.nii.gz", "in.nii.gz"])
        self.assertLess(report["result"]["mismatch"], 0.2)
        self.near(self.map("pair_initial.tfm"), [(x - 30, y, z) for x, y, z in POINTS])
        self.succeed(self.view("pair"))

    def test_what_is_refused(self):
        self.image("ref.nii.gz", self.SIZE, (-1.5, 1.5, 2.0), (20.0, -4.0, 3.0))
        self.image("in.nii.gz", self.INPUT_SIZE, (2.0, 2.5, 1.0), (-5.0, 1.0, -6.0))
        self.matrix(self.IDENTITY)
        self.refuse("m.mat", "is a matrix of FLIRT, which belongs to two images. Give --fsl-images REFERENCE INPUT")
        self.refuse("m.mat", "no such file", "--fsl-images", "none.nii", "in.nii.gz", names="none.nii")
        self.refuse("m.mat", "is not a NIfTI image", "--fsl-images", "p.csv", "in.nii.gz", names="p.csv")
        for rows, says in ((self.IDENTITY[:3], "it has 12 numbers, not 16"),
                           (((1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)), "it is singular"),
                           (((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 1, 0, 1)), "its last line is not 0 0 0 1"),
                           (((1, math.inf, 0, 0), *self.IDENTITY[1:]), "it has 'inf' in place of a finite number")):
            self.matrix(rows)
            self.refuse("m.mat", says, *self.IMAGES)
        self.matrix(self.IDENTITY)
        (self.folder / "m.mat").write_text((self.folder / "m.mat").read_text().replace("1.0000000000", "1e308", 1))
        self.refuse("m.mat", "it has '1e308', which no transform has", *self.IMAGES)  # once, an endless loop
        (self.folder / "t.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
            "Parameters: 3 0 0\nFixedParameters:\n")
        self.refuse("t.tfm", "there is no matrix of FLIRT that needs them", *self.IMAGES, names="--fsl-images")
        self.matrix(self.IDENTITY)
        self.disagree()
        self.refuse("m.mat", "its qform and sform disagree about left and right", "--fsl-images", "ref.nii.gz", "two.nii",
                    names="two.nii")

    def disagree(self):
        header = bytearray(gzip.decompress((self.folder / "in.nii.gz").read_bytes()))
        struct.pack_into("<h", header, 252, 1)  # a qform of no rotation, with a negative determinant
        struct.pack_into("<f", header, 76, -1.0)
        struct.pack_into("<3f", header, 256, 0.0, 0.0, 0.0)
        (self.folder / "two.nii").write_bytes(header)


if __name__ == "__main__":
    support.main()
