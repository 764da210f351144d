#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every program in examples/ does what its first lines say, on blobs that move by a known amount. (ctest: skip code 77)"""
import math
import os
import re
import unittest
from pathlib import Path

import metaimage
import nifti
import support

SIZE, SPACING = (32, 30, 28), 2.0
MATRIX = ((SPACING, 0, 0), (0, SPACING, 0), (0, 0, SPACING))
BLOBS = ((24.0, 22.0, 20.0, 1.0), (38.0, 36.0, 34.0, 0.8), (26.0, 38.0, 26.0, 0.6))
SHIFT = (3.0, -2.0, 1.5)  # mm; the moving blobs lie further by this


def moved(blobs, shift):
    return [(x + shift[0], y + shift[1], z + shift[2], h) for x, y, z, h in blobs]


class Examples(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        self.bin = Path(os.environ.get("GNR_EXAMPLES", "nowhere"))
        self.write("fixed.nii", BLOBS)
        self.write("moving.nii", moved(BLOBS, SHIFT))

    def write(self, name, blobs, width=6.0):
        nifti.write(self.folder / name, SIZE, support.blobs(SIZE, MATRIX, (0, 0, 0), blobs, width), "f", MATRIX)

    def example(self, name, *arguments):
        return self.succeed(self.call(self.bin / name, *arguments)).stdout

    def distributed_example(self, processes, *arguments):
        return self.mpirun(processes, self.bin / "RegisterDistributed", *arguments, environment={"OMP_NUM_THREADS": "1"})

    def test_all_are_run(self):
        """Nothing in examples/ without a test here."""
        sources = sorted(p.stem for p in (Path(__file__).resolve().parents[2] / "examples").glob("*.cxx"))
        tested = {"RegisterDistributed"} | set(re.findall(r'example\("(\w+)"', Path(__file__).read_text(encoding="utf-8")))
        self.assertEqual([s for s in sources if s not in tested], [])

    def test_usage(self):
        """Without arguments each says what it wants, and fails."""
        programs = [p for p in self.bin.iterdir() if os.access(p, os.X_OK) and p.is_file()]
        self.assertGreater(len(programs), 4)
        for path in programs:
            result = self.call(path)
            self.assertNotEqual(result.returncode, 0, path)
            self.assertIn("Usage:", result.stderr)

    def test_register_two_images(self):
        text = self.example("RegisterTwoImages", "fixed.nii", "moving.nii", "out")
        self.assertLess(float(re.search(r"mismatch ([\d.]+)", text)[1]), 0.2)
        field = nifti.read(self.folder / "out_displacement.nii.gz")
        warped = nifti.read(self.folder / "out_warped.nii.gz")
        fixed = nifti.read(self.folder / "fixed.nii")
        self.assertGreater(support.correlation(list(warped.data), list(fixed.data)), 0.99)
        for x, y, z, _ in BLOBS:
            index = [round(v / SPACING) for v in (x, y, z)]
            u = [support.nifti.sample(field, index, c) for c in range(3)]
            self.assertLess(math.dist(u, SHIFT), 0.5, "a quarter of a voxel, at the middle of a blob")
        self.assertGreater((self.folder / "out_transform.h5").stat().st_size, 24 * SIZE[0] * SIZE[1] * SIZE[2])

    def test_observe_and_stop(self):
        def run(way, enough):
            text = self.example("ObserveAndStop", "fixed.nii", "moving.nii", way, enough)
            return text, [float(v) for v in re.findall(r"^step \d+, mismatch ([\d.e-]+)", text, re.M)]

        text, all_steps = run("stop", "0")  # never reached
        self.assertEqual(text.splitlines()[0].split()[0], "grid")
        self.assertIn("kept:", text)
        enough = all_steps[0] * 1.01  # reached by the first step
        text, steps = run("stop", str(enough))
        self.assertEqual(len(steps), 1)
        self.assertLess(len(steps), len(all_steps))
        self.assertIn("kept: stopped", text)
        text, steps = run("abort", str(enough))
        self.assertEqual(len(steps), 1)
        self.assertTrue(text.endswith("aborted: there is no result\n"), text)

    def test_masks(self):
        """A bright object that only the moving image has pulls the map, unless a mask leaves it out."""
        stranger = (46.0, 12.0, 44.0, 3.0)
        self.write("moving.nii", moved(BLOBS, SHIFT) + [stranger])
        mask = [0 if math.dist((x * SPACING, y * SPACING, z * SPACING), stranger[:3]) < 18 else 1
                for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]
        nifti.write(self.folder / "mask.nii", SIZE, mask, "B", MATRIX)
        error = {}
        for name in ("none", "mask.nii"):
            self.example("RegisterWithMasks", "fixed.nii", "moving.nii", "none", name, "u.nii")
            field = nifti.read(self.folder / "u.nii")
            x, y, z, _ = BLOBS[1]
            index = [v / SPACING for v in (x, y, z)]
            error[name] = math.dist([nifti.sample(field, index, c) for c in range(3)], SHIFT)
        self.assertLess(error["mask.nii"], 1.0, "half a voxel")
        self.assertLess(error["mask.nii"], 0.5 * error["none"])

    def test_labels_and_points(self):
        size = SIZE
        centres = moved(BLOBS, SHIFT)
        labels = []
        for z in range(size[2]):
            for y in range(size[1]):
                for x in range(size[0]):
                    near = [k for k, b in enumerate(centres)
                            if math.dist((x * SPACING, y * SPACING, z * SPACING), b[:3]) < 6]
                    labels.append(1000 + near[0] if near else 0)
        nifti.write(self.folder / "labels.nii", size, labels, "H", MATRIX)
        x, y, z, _ = BLOBS[1]
        text = self.example("WarpLabelsAndPoints", "fixed.nii", "moving.nii", "labels.nii", "warped.nii", x, y, z)
        point = [float(v) for v in re.search(r"\[(.*)\]", text)[1].split(",")]
        self.assertLess(math.dist(point, centres[1][:3]), 0.5)
        warped = nifti.read(self.folder / "warped.nii")
        self.assertEqual(set(warped.data), {0, 1000, 1001, 1002}, "no label is invented")
        for k, blob in enumerate(BLOBS):
            members = [i for i, v in enumerate(warped.data) if v == 1000 + k]
            middle = [SPACING * sum(f(i) for i in members) / len(members)
                      for f in (lambda i: i % size[0], lambda i: i // size[0] % size[1], lambda i: i // (size[0] * size[1]))]
            self.assertLess(math.dist(middle, blob[:3]), 1.0, "half a voxel")

    def test_register_thorax(self):
        text = self.example("RegisterThorax", "thorax")
        errors = {name: float(value) for name, value in
                  re.findall(r"^density (\w+): det\(I \+ grad u\) in the lungs is off by (\S+) %", text, re.M)}
        self.assertEqual(list(errors), ["given", "none"])
        self.assertLess(errors["given"], 3.0)
        self.assertLess(errors["given"], 0.5 * errors["none"])
        self.assertGreater((self.folder / "thorax_determinant.png").stat().st_size, 1000)

    def test_custom_regularization(self):
        self.write("moving.nii", moved(BLOBS, SHIFT), width=6.8)  # larger blobs: volumes have to change
        text = self.example("CustomRegularization", "fixed.nii", "moving.nii")
        found = {name: [float(v) for v in numbers] for name, *numbers in
                 re.findall(r"^([\w-]+): mismatch (\S+), det\(I \+ grad u\) (\S+) \.\.\. (\S+)$", text, re.M)}
        self.assertEqual(list(found), ["H1", "H1-stiff", "H2", "incompressible"])
        mismatch = {name: v[0] for name, v in found.items()}
        change = {name: max(-math.log(v[1]), math.log(v[2])) for name, v in found.items()}
        for name, value in mismatch.items():
            self.assertLess(value, 0.9, name)
        self.assertLess(mismatch["H1"], mismatch["H1-stiff"], "less weight, closer match")
        self.assertLess(mismatch["H1"], mismatch["incompressible"], "volumes had to change")
        self.assertLess(change["H1-stiff"], change["H1"])
        # The velocity has no divergence; what is left is the error of tracing it and of the differences, some per cent.
        self.assertLess(change["incompressible"], 0.1)
        self.assertLess(change["incompressible"], 0.5 * change["H1"])

    def test_custom_metric(self):
        text = self.example("CustomMetric", "fixed.nii", "moving.nii", "u.nii")
        found = re.match(r"^custom\+0\.25\*lncc: mismatch (\S+), determinants (\S+) to (\S+)$", text.splitlines()[-1])
        self.assertIsNotNone(found, text)
        mismatch, least, largest = map(float, found.groups())
        self.assertLess(mismatch, 0.5, "the blobs were only moved")
        self.assertGreater(least, 0.0)
        self.assertLess(largest, 4.0)

    def test_distributed(self):
        """Processes that read and write slabs make the field that one process makes."""
        if not os.environ.get("GNR_MPIEXEC"):
            self.skipTest("built without MPI, or no mpirun")
        image = nifti.read(self.folder / "moving.nii")
        metaimage.write(self.folder / "moving.mha", image.size, image.data, image.matrix, image.origin)
        fields = []
        for processes in (1, 3):
            run = self.distributed_example(processes, "fixed.nii", "moving.mha", f"u{processes}.mha")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn(f"by {processes} processes", run.stdout)
            fields.append(metaimage.read(self.folder / f"u{processes}.mha"))
        for a, b in zip(fields[0].components, fields[1].components):
            self.assertLess(max(abs(x - y) for x, y in zip(a, b)), 1e-3 * SPACING)
        x, y, z, _ = BLOBS[0]
        u = [nifti.sample(fields[1], [v / SPACING for v in (x, y, z)], c) for c in range(3)]
        self.assertLess(math.dist(u, SHIFT), 0.5, "a quarter of a voxel, at the middle of a blob")
        for name in ("fixed.nii", "moving.mha"):  # short files are noticed without gnr-register, too
            path = self.folder / name
            path.write_bytes(path.read_bytes()[:-1000])
            run = self.distributed_example(3, "fixed.nii", "moving.mha", "none.mha")
            self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
            self.assertIn(f"{name}: the file is truncated", run.stderr)
            path.write_bytes(path.read_bytes() + bytes(1000))
        self.assertFalse((self.folder / "none.mha").exists())


if __name__ == "__main__":
    support.main()
