#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--initial-transform identity, moments, rigid and affine on images that lie far apart. (ctest: skip code 77)

A known rotation and shift in the header of an image moves it without touching a voxel, so what an alignment must find is
what it finds without them, followed by them. The tests on a lung and on two synthetic brains need GNR_EXTRA_TEST_DATA."""
import csv
import json
import math
import random

import nifti
import support
from test_real_pairs import mean_dice


def rotation(axis, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    m = [[float(a == b) for b in range(3)] for a in range(3)]
    m[i][i] = m[j][j] = c
    m[i][j], m[j][i] = -s, s
    return m


def product(a, b):
    return [[sum(a[r][k] * b[k][c] for k in range(3)) for c in range(3)] for r in range(3)]


def times(matrix, vector):
    return [sum(matrix[r][k] * vector[k] for k in range(3)) for r in range(3)]


class Motion:
    """x -> R (x - c) + c + t."""

    def __init__(self, turn, shift, centre):
        self.turn, self.shift, self.centre = turn, shift, centre

    def __call__(self, point):
        turned = times(self.turn, [a - b for a, b in zip(point, self.centre)])
        return [a + b + c for a, b, c in zip(turned, self.centre, self.shift)]


def move(source, target, turn, shift, centre, first_plane=0):
    """The image moved by its header, without its planes before `first_plane`."""
    image = nifti.read(source)
    motion = Motion(turn, shift, centre)
    plane = image.size[0] * image.size[1]
    nifti.write(target, (*image.size[:2], image.size[2] - first_plane), image.data[first_plane * plane:],
                image.data.typecode, product(turn, image.matrix), motion(image.point(0, 0, first_plane)))
    return motion


def centre_of(path):
    image = nifti.read(path)
    return image.point(*((n - 1) / 2 for n in image.size))


class Alignment(support.CommandLineTest):
    def align(self, fixed, moving, method, *arguments):
        """The map that an alignment alone finds, and the report."""
        self.succeed(self.register(fixed, moving, "-o", "start", "--initial-transform", method, "--iterations", 0,
                                   "--quiet", *arguments))
        report = json.loads((self.folder / "start_report.json").read_text())
        found = report["alignment"]
        return (lambda p: [a + b for a, b in zip(times(found["matrix"], p), found["offsetMm"])]), report

    @staticmethod
    def grid(path, margin=0.2):
        """Points in the inner part of an image."""
        image = nifti.read(path)
        steps = [[n * (margin + (1 - 2 * margin) * k / 4) for k in range(5)] for n in image.size]
        return [image.point(x, y, z) for x in steps[0] for y in steps[1] for z in steps[2]]

    @staticmethod
    def mean_distance(a, b, points):
        return sum(math.dist(a(p), b(p)) for p in points) / len(points)


class Starts(Alignment):
    """On the brains in examples/data: 2 mm voxels, pre- and intra-operative, nearly aligned as they are."""

    def setUp(self):
        super().setUp()
        data = support.example_data("pbnrr")
        self.fixed, self.original = data / "fixed_intraop.nii.gz", data / "moving_preop.nii.gz"
        self.points = self.grid(self.fixed)

    def test_a_rotated_and_shifted_brain_is_found(self):
        aligned, _ = self.align(self.fixed, self.original, "affine")
        # The alignment of images that are nearly aligned moves little: the brain is shifted by some millimetres inside.
        self.assertLess(self.mean_distance(aligned, lambda p: p, self.points), 6.0)
        turn = product(rotation(0, 25), rotation(2, -35))
        motion = move(self.original, self.folder / "far.nii.gz", turn, (60.0, 10.0, -45.0), centre_of(self.original))
        self.assertGreater(self.mean_distance(motion, lambda p: p, self.points), 70.0)
        found, report = self.align(self.fixed, "far.nii.gz", "affine")
        self.assertLess(self.mean_distance(found, lambda p: motion(aligned(p)), self.points), 2.0)  # a voxel

        record = report["alignment"]
        self.assertEqual(record["method"], "affine")
        self.assertGreater(record["finalMutualInformation"], record["initialMutualInformation"])
        self.assertEqual(report["inputs"]["initialTransform"], "affine")
        self.assertIn("alignment", [p["name"] for p in report["time"]["phases"]])

        # The file that is written says the same, to a program that knows ITK alone.
        self.assertIn("start_initial.tfm", report["files"])
        text = "".join("{} {} {}\n".format(*p) for p in self.points[:20])
        run = self.succeed(self.itk_only("double", "points", "transform", "start_initial.tfm", stdin=text)).stdout
        lines = [line for line in run.splitlines() if "Transform" not in line]
        for p, line in zip(self.points, lines):
            self.assertLess(math.dist(found(p), tuple(map(float, line.split()))), 1e-6)

    def test_rotations_of_any_angle(self):
        """Quarter and half turns, as swapped axes make them, and others far from all of those that are searched."""
        aligned, _ = self.align(self.fixed, self.original, "rigid")
        for turn in (rotation(2, 90), rotation(0, 180), product(rotation(0, 90), rotation(1, 90)),
                     product(rotation(0, 65), rotation(2, 110)), product(rotation(1, 137), rotation(0, -40))):
            with self.subTest(turn=turn):
                motion = move(self.original, self.folder / "turned.nii.gz", turn, (20.0, -15.0, 30.0),
                              centre_of(self.original))
                found, report = self.align(self.fixed, "turned.nii.gz", "rigid")
                error = self.mean_distance(found, lambda p: motion(aligned(p)), self.points)
                print(f"turned by {math.degrees(math.acos((sum(turn[i][i] for i in range(3)) - 1) / 2)):.0f} degrees: "
                      f"{error:.2f} mm")
                self.assertLess(error, 4.0)  # two voxels
                self.assertGreater(report["alignment"]["overlap"], 0.5)

    def test_a_translation_cannot_turn(self):
        """moments says so where the images are turned against each other, and is silent where they are not."""
        _, report = self.align(self.fixed, self.original, "moments")
        self.assertEqual([m for m in report["messages"] if "alignment" in m], [])
        move(self.original, self.folder / "turned.nii.gz", rotation(1, 90), (0.0, 0.0, 0.0), centre_of(self.original))
        _, report = self.align(self.fixed, "turned.nii.gz", "moments")
        self.assertRegex("".join(report["messages"]), "agree far better when one is turned by about 90 degrees")

    def test_images_of_different_things(self):
        chance = random.Random(3)
        image = nifti.read(self.original)
        nifti.write(self.folder / "noise.nii.gz", image.size, [chance.random() for _ in image.data], "f", image.matrix,
                    image.origin)
        result = self.register(self.fixed, "noise.nii.gz", "-o", "a", "--initial-transform", "rigid", "--iterations", 0)
        self.assertEqual(result.returncode, 4, result.stdout + result.stderr)
        self.assertIn("noise.nii.gz: No alignment was found", result.stderr)
        self.assertEqual(self.files(), ["noise.nii.gz"])

    def test_small_images(self):
        """A few thousand samples share much by chance: what has the same content is aligned, what has not is refused."""
        size, matrix, origin = (28, 24, 26), ((2, 0, 0), (0, 2, 0), (0, 0, 2)), (-28, -24, -26)
        values = [100 * v for v in support.blobs(size, matrix, origin, ((-6, -2, 3, 1), (8, 4, -5, 0.7), (0, 8, 9, -0.5)), 6)]
        chance = random.Random(5)
        shift = (3.0, -2.0, 1.0)
        for name, voxels, at in (("fixed", values, origin), ("noise", [chance.random() for _ in values], origin),
                                 ("inverted", [200 - 2 * v for v in values], [o + s for o, s in zip(origin, shift)])):
            nifti.write(self.folder / f"{name}.nii.gz", size, voxels, "f", matrix, at)
        found, _ = self.align("fixed.nii.gz", "inverted.nii.gz", "rigid")
        points = self.grid(self.folder / "fixed.nii.gz")
        distance = self.mean_distance(found, lambda p: [x + s for x, s in zip(p, shift)], points)
        self.assertLess(distance, 1.0)  # half a voxel
        result = self.register("fixed.nii.gz", "noise.nii.gz", "-o", "a", "--initial-transform", "rigid", "--iterations", 0)
        self.assertEqual(result.returncode, 4, result.stdout + result.stderr)

    def test_thin_volumes(self):
        """Voxels of 0.1 x 0.1 x 5 mm: a step that is small along the body leaves the image across it."""
        image = nifti.read(support.example_data("brainweb_2mm") / "t1.nii.gz")
        matrix = ((0.1, 0, 0), (0, 0.1, 0), (0, 0, 5))
        values = [float(v) for v in image.data]
        nifti.write(self.folder / "thin.nii.gz", image.size, values, "f", matrix)
        shift = (0.4, -0.3, 12.0)
        nifti.write(self.folder / "moved.nii.gz", image.size, values, "f", matrix, shift)
        points = self.grid(self.folder / "thin.nii.gz")
        for method in ("rigid", "affine"):
            found, _ = self.align("thin.nii.gz", "moved.nii.gz", method)
            error = max(abs(a - b - c) / size for p in points for a, b, c, size in zip(found(p), p, shift, (0.1, 0.1, 5.0)))
            self.assertLess(error, 1.0, "voxels along each axis")

    def test_a_patch_of_the_fixed_image(self):
        """It is a five-hundredth of the fixed image, and lies in it as a whole."""
        image = nifti.read(self.fixed)
        first, size = (50, 60, 40), (14, 14, 12)
        values = [float(image.data[x + image.size[0] * (y + image.size[1] * z)]) for z in range(40, 52)
                  for y in range(60, 74) for x in range(50, 64)]
        nifti.write(self.folder / "patch.nii.gz", size, values, "f", image.matrix, image.point(*first))
        self.succeed(self.register(self.fixed, "patch.nii.gz", "-o", "p", "--iterations", 0, "--levels", 1, "--quiet"))

    def test_runs_agree_whatever_the_threads(self):
        matrices = []
        for threads in (1, 2):
            _, report = self.align(self.fixed, self.original, "rigid", "--threads", threads)
            matrices.append((report["alignment"]["matrix"], report["alignment"]["offsetMm"]))
        self.assertEqual(*matrices)

    def test_identity_is_the_same_as_nothing(self):
        small = ("--iterations", 1, "--levels", 1, "--quiet")
        self.succeed(self.register(self.fixed, self.original, "-o", "a", *small))
        self.succeed(self.register(self.fixed, self.original, "-o", "b", "--initial-transform", "identity", *small))
        self.assertEqual(nifti.read(self.folder / "a_displacement.nii.gz").components,
                         nifti.read(self.folder / "b_displacement.nii.gz").components)
        self.assertFalse((self.folder / "b_initial.tfm").exists())
        self.assertIsNone(json.loads((self.folder / "b_report.json").read_text())["alignment"])

    def test_a_word_that_is_none(self):
        result = self.register(self.fixed, self.original, "-o", "a", "--initial-transform", "afine")
        self.assertEqual(result.returncode, 2)
        self.assertIn("afine: no such file, and none of identity, moments, rigid, affine", result.stderr)

    def test_bad_mask_is_named_by_its_file(self):
        image = nifti.read(self.original)
        nifti.write(self.folder / "none.nii.gz", image.size, [0] * len(image.data), "B", image.matrix, image.origin)
        result = self.register(self.fixed, self.original, "-o", "a", "--initial-transform", "affine", "--moving-mask",
                               "none.nii.gz")
        self.assertEqual(result.returncode, 2)
        self.assertIn("none.nii.gz: no voxel", result.stderr)


class Lung(Alignment):
    """Two scans of a breathing lung, 35 mm apart, on different grids, with 51 pairs of landmarks."""

    def setUp(self):
        super().setUp()
        self.data = support.extra_data("lung_ct")
        with open(self.data / "landmarks_lps_mm.csv", newline="") as stream:
            rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]
        self.fixed_points = [[r["b" + k] for k in "xyz"] for r in rows]
        self.moving_points = [[r["f" + k] for k in "xyz"] for r in rows]
        self.assertEqual(len(rows), 51)
        (self.folder / "b.csv").write_text("x,y,z\n" + "".join("{},{},{}\n".format(*p) for p in self.fixed_points))

    def error(self, points):
        return sum(math.dist(p, q) for p, q in zip(points, self.moving_points)) / len(points)

    def check(self, method, masks, largest_start, largest):
        arguments = ("--fixed-mask", self.data / "lung_baseline_mask.nii.gz", "--moving-mask",
                     self.data / "lung_followup_mask.nii.gz") if masks else ()
        run = self.succeed(self.register(self.data / "lung_baseline.nii.gz", self.data / "lung_followup_rec.nii.gz", "-o",
                                         "lung", "--initial-transform", method, "--composite", *arguments))
        errors = [self.error(self.fixed_points)]
        for transform in ("lung_initial.tfm", "lung_composite.h5"):
            self.succeed(self.apply("-t", transform, "--points", "b.csv", "--points-output", "f.csv", "--quiet"))
            with open(self.folder / "f.csv", newline="") as stream:
                errors.append(self.error([[float(r[k]) for k in "xyz"] for r in csv.DictReader(stream)]))
        report = json.loads((self.folder / "lung_report.json").read_text())
        print(f"lung, {method}{', masks' if masks else ''}: landmarks "
              f"{errors[0]:.2f} -> {errors[1]:.2f} -> {errors[2]:.2f} mm, det {report['result']['determinant']['minimum']:.2f} "
              f"... {report['result']['determinant']['maximum']:.2f}, {report['time']['cpuSeconds']:.1f} CPU-s")
        self.assertGreater(errors[0], 35.0)
        self.assertLess(errors[1], largest_start, run.stdout)
        self.assertLess(errors[2], largest, run.stdout)
        self.assertEqual(report["result"]["foldedVoxels"], 0)

    def test_moments(self):
        self.check("moments", False, 8.0, 4.0)

    def test_affine(self):
        self.check("affine", False, 8.0, 4.0)

    def test_affine_within_masks(self):
        self.check("affine", True, 5.0, 4.0)


class SyntheticBrains(Alignment):
    def test_another_field_of_view(self):
        """Turned and shifted: as good as elastix on the aligned pair (0.596)."""
        data = support.extra_data("synthseg_2mm")
        fixed, fixed_labels = data / "s02_synth_t1.nii.gz", data / "s02_seg.nii.gz"
        centre = centre_of(data / "s07_synth_t1.nii.gz")
        for name in ("synth_t1", "seg"):
            motion = move(data / f"s07_{name}.nii.gz", self.folder / f"{name}.nii.gz", rotation(2, 30), (20.0, 30.0, 60.0),
                          centre)
        points = self.grid(fixed)
        self.assertGreater(self.mean_distance(motion, lambda p: p, points), 60.0)
        self.succeed(self.register(fixed, "synth_t1.nii.gz", "-o", "pair", "--initial-transform", "affine", "--composite",
                                   "--quiet"))
        self.succeed(self.apply("-t", "pair_composite.h5", "-i", "seg.nii.gz", "-o", "w.nii.gz", "--interpolation",
                                "nearest", "--quiet"))
        a, b = nifti.read(fixed_labels).data, nifti.read(self.folder / "w.nii.gz").data
        labels = sorted((set(a) & set(nifti.read(data / "s07_seg.nii.gz").data)) - {0})
        dice = mean_dice(a, b, labels)
        print(f"synthseg, turned by 30 degrees and shifted by 70 mm: Dice {dice:.3f}")
        self.assertGreaterEqual(dice, 0.596)

        # Without the lowest fifth of the moving image the alignment still finds the same place.
        aligned, _ = self.align(fixed, data / "s07_synth_t1.nii.gz", "affine")
        motion = move(data / "s07_synth_t1.nii.gz", self.folder / "cut.nii.gz", rotation(2, 15), (0.0, 30.0, 60.0), centre,
                      first_plane=20)
        found, _ = self.align(fixed, "cut.nii.gz", "affine")
        error = self.mean_distance(found, lambda p: motion(aligned(p)), points)
        print(f"synthseg, a fifth cut off: {error:.2f} mm from the alignment of the whole image")
        self.assertLess(error, 2.0)  # a voxel


if __name__ == "__main__":
    support.main()
