#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register with several pairs of images. (ctest: skip code 77)"""
import json
import os
import unittest

import metaimage
import nifti
import support

# Grids that differ; the moving one is turned and finer.
SIZE, SPACING = (28, 24, 26), 2.0
FIXED = ((SPACING, 0, 0), (0, SPACING, 0), (0, 0, SPACING))
ORIGIN = (-27.0, -23.0, -25.0)
MOVING_SIZE = (34, 30, 32)
MOVING = ((0.8 * 1.8, -0.6 * 1.8, 0.0), (0.6 * 1.8, 0.8 * 1.8, 0.0), (0.0, 0.0, 1.9))
MOVING_ORIGIN = (-10.0, -40.0, -28.0)
COMMON = ("--threads", 1, "--device", "cpu")


class Channels(support.CommandLineTest):
    @classmethod
    def setUpClass(cls):
        centres = [(-8.0, -6.0, -10.0, 100.0), (6.0, 4.0, 2.0, 70.0), (-4.0, 6.0, 9.0, -50.0)]
        moved = [(x + a, y + b, z + c, h)
                 for (x, y, z, h), (a, b, c) in zip(centres, ((3, -1, 1), (-1, 2, 3), (2, 2, -2)))]
        cls.fixed = support.blobs(SIZE, FIXED, ORIGIN, centres, 6.0)
        cls.moving = support.blobs(MOVING_SIZE, MOVING, MOVING_ORIGIN, moved, 6.0)

    def setUp(self):
        super().setUp()
        self.write("fixed.mha", "moving.mha", lambda v: v)
        self.write("fixed2.mha", "moving2.mha", lambda v: 500.0 - 2.0 * v)  # the same in another contrast

    def write(self, fixed, moving, contrast):
        metaimage.write(self.folder / fixed, SIZE, [contrast(v) for v in self.fixed], FIXED, ORIGIN)
        metaimage.write(self.folder / moving, MOVING_SIZE, [contrast(v) for v in self.moving], MOVING, MOVING_ORIGIN)

    def field(self, prefix):
        return [v for component in nifti.read(self.folder / f"{prefix}_displacement.nii.gz").components for v in component]

    def difference(self, a, b):
        return max(abs(x - y) for x, y in zip(self.field(a), self.field(b)))

    def test_two_pairs_with_half_the_weight_are_one_pair(self):
        self.succeed(self.register("fixed.mha", "moving.mha", "-o", "one", "--similarity", "ssd", *COMMON))
        run = self.succeed(self.register("fixed.mha", "moving.mha", "--channel", "fixed2.mha", "moving2.mha", "-o", "two",
                                         "--similarity", "0.5*ssd,0.5*ssd", *COMMON))
        self.assertIn("channel  fixed2.mha (fixed), moving2.mha (moving)", run.stdout)
        self.assertGreater(max(abs(v) for v in self.field("one")), 2.0)
        self.assertLess(self.difference("one", "two"), 0.01 * SPACING)
        report = json.loads((self.folder / "two_report.json").read_text())
        self.assertEqual(report["inputs"]["channels"], [{"fixed": "fixed2.mha", "moving": "moving2.mha", "volumes": 1}])
        self.assertEqual(report["result"]["similarity"], "0.5*ssd,0.5*ssd")

    def test_volumes_of_a_series_are_pairs_that_share_its_weight(self):
        """Of four axes, and of vectors: the same as each volume by itself."""
        contrasts = (lambda v: v, lambda v: 500.0 - 2.0 * v)
        grids = {"fixed": (SIZE, self.fixed, FIXED, ORIGIN), "moving": (MOVING_SIZE, self.moving, MOVING, MOVING_ORIGIN)}
        for name, (size, values, matrix, origin) in grids.items():
            volumes = [[f(v) for v in values] for f in contrasts]
            for k, volume in enumerate(volumes):
                nifti.write(self.folder / f"{name}_{k}.nii", size, volume, "f", matrix, origin)
            nifti.write(self.folder / f"{name}_series.nii", (*size, 2), volumes[0] + volumes[1], "f", matrix, origin)
            nifti.write(self.folder / f"{name}_vectors.nii", size, volumes, "f", matrix, origin)
        pair = ("fixed_0.nii", "moving_0.nii", "--channel")
        self.succeed(self.register(*pair, "fixed_0.nii", "moving_0.nii", "--channel", "fixed_1.nii", "moving_1.nii", "-o", "alone",
                                   "--similarity", "lncc,0.1*ssd,0.1*ssd", "--preset", "fast", *COMMON))
        self.assertGreater(max(abs(v) for v in self.field("alone")), 2.0)
        for kind in ("series", "vectors"):
            run = self.succeed(self.register(*pair, f"fixed_{kind}.nii", f"moving_{kind}.nii", "-o", kind, "--similarity",
                                             "lncc,0.2*ssd", "--preset", "fast", *COMMON))
            self.assertIn(f"channel  fixed_{kind}.nii (fixed), moving_{kind}.nii (moving), 2 volumes", run.stdout)
            self.assertEqual(self.difference("alone", kind), 0.0, kind)
        report = json.loads((self.folder / "series_report.json").read_text())
        self.assertEqual(report["result"]["similarity"], "lncc,0.1*ssd,0.1*ssd")
        one = json.loads((self.folder / "alone_report.json").read_text())
        self.assertEqual(one["inputs"]["channels"][0]["volumes"], 1)
        self.assertEqual(report["inputs"]["channels"][0]["volumes"], 2)

        for moving, words in (("moving_0.nii", "moving_0.nii: holds 1 volume(s), but fixed_series.nii holds 2"),
                              ("missing.nii", "missing.nii: ")):
            run = self.register(*pair, "fixed_series.nii", moving, "-o", "out", *COMMON)
            self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
            self.assertIn(words, run.stderr)
        nifti.write(self.folder / "deep.nii", (*SIZE, 2, 2), [0.0] * (4 * SIZE[0] * SIZE[1] * SIZE[2]), "f", FIXED, ORIGIN)
        run = self.register(*pair, "deep.nii", "deep.nii", "-o", "out", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("deep.nii: is a 5-D image (28 x 24 x 26 x 2 x 2)", run.stderr)
        constant = [0.5] * len(self.fixed)
        nifti.write(self.folder / "half.nii", (*SIZE, 2), list(self.fixed) + constant, "f", FIXED, ORIGIN)
        run = self.register(*pair, "half.nii", "moving_series.nii", "-o", "out", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("half.nii (volume 1): every voxel", run.stderr)

    def test_a_channel_shows_what_the_images_do_not(self):
        """The images are those of a ball without a trace of the motion; before or after them, the order is the same."""
        flat = support.blobs(SIZE, FIXED, ORIGIN, [(0.0, 0.0, 0.0, 50.0)], 9.0)
        metaimage.write(self.folder / "flat.mha", SIZE, flat, FIXED, ORIGIN)
        metaimage.write(self.folder / "still.mha", SIZE, self.fixed, FIXED, ORIGIN)
        moved = support.blobs(SIZE, FIXED, ORIGIN, [(-6.0, -6.0, -8.0, 100.0), (6.0, 6.0, 2.0, 70.0), (-4.0, 6.0, 9.0, -50.0)],
                              6.0)
        metaimage.write(self.folder / "moved.mha", SIZE, moved, FIXED, ORIGIN)
        self.succeed(self.register("flat.mha", "flat.mha", "-o", "alone", "--similarity", "ssd", *COMMON))
        self.assertLess(max(abs(v) for v in self.field("alone")), 0.01)
        self.succeed(self.register("flat.mha", "flat.mha", "-o", "with", "--similarity", "0.01*ssd,ssd", "--channel", "still.mha",
                                   "moved.mha", *COMMON))
        self.assertGreater(max(abs(v) for v in self.field("with")), 1.0)

    def test_labels_are_sampled_by_the_nearest_voxel(self):
        """The grids differ: linear interpolation would make numbers that are no labels."""
        def labels(values):
            return [float(3 * sum(v > bound for bound in (10, 30, 50, 70))) for v in values]
        metaimage.write(self.folder / "fixed_labels.mha", SIZE, labels(self.fixed), FIXED, ORIGIN)
        metaimage.write(self.folder / "moving_labels.mha", MOVING_SIZE, labels(self.moving), MOVING, MOVING_ORIGIN)
        pair = ("--channel", "fixed_labels.mha", "moving_labels.mha", "--similarity", "0.001*ssd,labels")
        self.succeed(self.register("fixed.mha", "moving.mha", *pair, "-o", "labels", *COMMON))
        self.assertGreater(max(abs(v) for v in self.field("labels")), 2.0)
        report = json.loads((self.folder / "labels_report.json").read_text())
        self.assertLess(report["result"]["mismatch"], 0.7)
        run = self.register("fixed.mha", "moving.mha", "--channel", "fixed.mha", "moving.mha", "--similarity", "ssd,labels", "-o",
                            "wrong", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("fixed.mha: has the value", run.stderr)

    def test_several_channels_need_more_memory(self):
        def plan(*channels):
            run = self.succeed(self.register("fixed.mha", "moving.mha", *channels, "--dry-run", "--similarity", "lncc", *COMMON))
            return run.stdout
        channel = ("--channel", "fixed2.mha", "moving2.mha")
        self.assertNotEqual(plan(), plan(*channel))
        self.assertEqual(plan(*channel, *channel).count("channel  fixed2.mha"), 2)

    def test_what_is_wrong_is_told_with_the_file(self):
        for files, words in ((("missing.mha", "moving2.mha"), "missing.mha: "),
                             (("moving2.mha", "moving2.mha"), "moving2.mha: [34, 30, 32] voxels, but fixed.mha has [28, 24, 26]"),
                             (("fixed2.mha", "fixed2.mha"), "fixed2.mha: [28, 24, 26] voxels, but moving.mha has [34, 30, 32]")):
            run = self.register("fixed.mha", "moving.mha", "--channel", *files, "-o", "out", *COMMON)
            self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
            self.assertIn(words, run.stderr)
        run = self.register("fixed.mha", "moving.mha", "--channel", "fixed2.mha", "-o", "out", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("--channel", run.stderr)
        run = self.register("fixed.mha", "moving.mha", "--channel", "fixed2.mha", "moving2.mha", "-o", "out", "--similarity",
                            "ssd,ssd,lncc", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("is for 3 pairs of images, and there are 2", run.stderr)
        metaimage.write(self.folder / "constant.mha", SIZE, [3.0] * (SIZE[0] * SIZE[1] * SIZE[2]), FIXED, ORIGIN)
        run = self.register("fixed.mha", "moving.mha", "--channel", "constant.mha", "moving2.mha", "-o", "out", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("constant.mha: every voxel", run.stderr)
        self.assertEqual([f for f in self.files() if f.startswith("out")], [])

    def test_a_channel_is_not_overwritten(self):
        os.rename(self.folder / "fixed2.mha", self.folder / "out_warped.mha")
        os.symlink("out_warped.mha", self.folder / "out_warped.nii.gz")
        run = self.register("fixed.mha", "moving.mha", "--channel", "out_warped.mha", "moving2.mha", "-o", "out", *COMMON)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertIn("out_warped", run.stderr)

    def test_processes_share_them(self):
        if not os.environ.get("GNR_MPIEXEC"):
            self.skipTest("built without MPI, or no mpirun")
        arguments = ("fixed.mha", "moving.mha", "--channel", "fixed2.mha", "moving2.mha", "--similarity", "lncc,0.5*ssd", *COMMON)
        self.succeed(self.register(*arguments, "-o", "one"))
        for prefix, more in (("root", ()), ("parts", ("--streamed-input",))):
            run = self.mpirun(3, support.program("GNR_REGISTER"), *arguments, *more, "-o", prefix)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            self.assertLess(self.difference("one", prefix), 1e-3 * SPACING)


if __name__ == "__main__":
    support.main()
