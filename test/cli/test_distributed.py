#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register by several processes that mpirun starts. (ctest: skip code 77)"""
import array
import json
import os
import struct
import unittest

import metaimage
import nifti
import nrrd
import support

# Grids that differ; the moving one is turned and finer.
SIZE, SPACING = (28, 24, 31), 2.0
FIXED = ((SPACING, 0, 0), (0, SPACING, 0), (0, 0, SPACING))
ORIGIN = (-27.0, -23.0, -30.0)
MOVING_SIZE = (34, 30, 36)
MOVING = ((0.8 * 1.8, -0.6 * 1.8, 0.0), (0.6 * 1.8, 0.8 * 1.8, 0.0), (0.0, 0.0, 1.9))
MOVING_ORIGIN = (-10.0, -40.0, -33.0)


class Distributed(support.CommandLineTest):
    @classmethod
    def setUpClass(cls):
        if not os.environ.get("GNR_MPIEXEC"):
            raise unittest.SkipTest("built without MPI, or no mpirun")
        centres = [(-8.0, -6.0, -10.0, 100.0), (6.0, 4.0, 2.0, 70.0), (-4.0, 6.0, 12.0, -50.0)]
        moved = [(x + a, y + b, z + c, h)
                 for (x, y, z, h), (a, b, c) in zip(centres, ((3, -1, 1), (-1, 2, 3), (2, 2, -2)))]
        cls.fixed = support.blobs(SIZE, FIXED, ORIGIN, centres, 6.0)
        cls.moving = support.blobs(MOVING_SIZE, MOVING, MOVING_ORIGIN, moved, 6.0)
        cls.mask = [1.0 if i % SIZE[0] > 2 else 0.0 for i in range(SIZE[0] * SIZE[1] * SIZE[2])]

    def setUp(self):
        super().setUp()
        metaimage.write(self.folder / "fixed.mha", SIZE, self.fixed, FIXED, ORIGIN)
        metaimage.write(self.folder / "moving.mha", MOVING_SIZE, self.moving, MOVING, MOVING_ORIGIN)
        metaimage.write(self.folder / "mask.mha", SIZE, self.mask, FIXED, ORIGIN)

    def together(self, processes, *arguments, environment=None):
        return self.mpirun(processes, support.program("GNR_REGISTER"), *arguments, environment=environment)

    def pair(self, prefix, *more):
        return ("fixed.mha", "moving.mha", "-o", prefix, "--fixed-mask", "mask.mha", "--inverse", "--velocity",
                "--determinant", "--threads", 1, "--device", "cpu", *more)

    def report(self, prefix):
        return json.loads((self.folder / f"{prefix}_report.json").read_text())

    def field(self, name):
        return metaimage.read(self.folder / name) if name.endswith(".mha") else nifti.read(self.folder / name)

    def difference(self, a, b):
        a, b = self.field(a), self.field(b)
        self.assertEqual(tuple(a.size), tuple(b.size))
        for one, other in zip([*a.matrix, a.origin], [*b.matrix, b.origin]):
            for x, y in zip(one, other):
                self.assertAlmostEqual(x, y, 4)
        return max(max(abs(x - y) for x, y in zip(p, q)) for p, q in zip(a.components, b.components))

    IMAGES = ("displacement", "inverse_displacement", "velocity", "warped", "determinant")

    def test_the_same_files_as_one_process(self):
        self.succeed(self.register(*self.pair("one")))
        one = self.report("one")
        self.assertGreater(one["result"]["maximumDisplacementMm"], 1.0)
        self.assertEqual([t["bytes"] for t in one["traffic"]], [0] * 4)
        for processes in (1, 2, 3, 5):
            run = self.together(processes, *self.pair("many"))
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(run.stdout.count("fixed    fixed.mha"), 1, "one process prints")
            many = self.report("many")
            self.assertEqual(many["machine"]["processes"], processes)
            for key in ("newtonSteps", "hessianProducts", "stopReason"):
                self.assertEqual(many["result"][key], one["result"][key])
            self.assertEqual(many["files"], [f.replace("one_", "many_") for f in one["files"]])
            for name in self.IMAGES:
                # 1e-3 voxel; the intensities change by at most 100 / 6 per mm.
                tolerance = 1e-3 * SPACING * (17 if name == "warped" else 1)
                self.assertLess(self.difference(f"one_{name}.nii.gz", f"many_{name}.nii.gz"), tolerance, name)
            if processes > 1:
                traffic = {t["purpose"]: t for t in many["traffic"]}
                self.assertEqual(sorted(traffic), ["halo", "images", "reduction", "transpose"])
                for t in traffic.values():
                    self.assertGreater(t["mostBytes"], 0)
                    self.assertGreaterEqual(t["bytes"], t["mostBytes"])
                    self.assertGreaterEqual(t["mostBytes"] * processes, t["bytes"])
                memory = many["memory"]
                self.assertLess(memory["peakBytes"], memory["totalPeakBytes"])
                self.assertGreaterEqual(memory["peakBytes"] * processes, memory["totalPeakBytes"])
        self.assertEqual([f for f in self.files() if f.startswith(".")], [], "temporary files")

    def test_streamed_input_and_output_give_the_same_voxels(self):
        for processes in (2, 3):
            for prefix, options in (("root", ()), ("in", ("--streamed-input",)), ("out", ("--streamed-output",)),
                                    ("both", ("--streamed-input", "--streamed-output"))):
                run = self.together(processes, *self.pair(prefix, *options))
                self.assertEqual(run.returncode, 0, run.stderr)
                ending = ".mha" if "--streamed-output" in options else ".nii.gz"
                for name in self.IMAGES:
                    self.assertIn(f"{prefix}_{name}{ending}", self.report(prefix)["files"])
                    self.assertEqual(self.difference(f"root_{name}.nii.gz", f"{prefix}_{name}{ending}"), 0.0, name)
        self.assertEqual([f for f in self.files() if f.startswith(".")], [], "temporary files")

    def test_streamed_input_of_other_formats(self):
        """NIfTI whose integers are rescaled, big-endian NRRD, and voxels in a file of their own."""
        fixed = [round(300 * v) for v in self.fixed]
        nifti.write(self.folder / "fixed.nii", SIZE, fixed, "h", FIXED, ORIGIN)
        raw = bytearray((self.folder / "fixed.nii").read_bytes())
        raw[112:120] = struct.pack("<2f", 1 / 300, -3.0)  # scl_slope, scl_inter
        (self.folder / "fixed.nii").write_bytes(raw)
        nrrd.write(self.folder / "little.nrrd", MOVING_SIZE, self.moving, "f", MOVING, MOVING_ORIGIN)
        head, body = (self.folder / "little.nrrd").read_bytes().split(b"\n\n", 1)
        values = array.array("f", body)
        values.byteswap()
        (self.folder / "moving.nrrd").write_bytes(head.replace(b"endian: little", b"endian: big") + b"\n\n" + values.tobytes())
        nrrd.write(self.folder / "mask.nrrd", SIZE, [int(v) for v in self.mask], "B", FIXED, ORIGIN)
        head, body = (self.folder / "mask.nrrd").read_bytes().split(b"\n\n", 1)
        (self.folder / "mask.nhdr").write_bytes(head + b"\ndata file: mask.raw\n")
        (self.folder / "mask.raw").write_bytes(body)
        for prefix, more in (("root", ()), ("in", ("--streamed-input",))):
            run = self.together(3, "fixed.nii", "moving.nrrd", "-o", prefix, "--fixed-mask", "mask.nhdr", "--threads", 1,
                                "--device", "cpu", *more)
            self.assertEqual(run.returncode, 0, run.stderr)
        self.assertGreater(self.report("in")["result"]["maximumDisplacementMm"], 1.0)
        for name in ("displacement", "warped"):
            self.assertEqual(self.difference(f"root_{name}.nii.gz", f"in_{name}.nii.gz"), 0.0, name)

    def test_slabs_make_the_file_that_one_process_writes(self):
        self.succeed(self.register(*self.pair("one", "--streamed-output", "--iterations", 0)))
        run = self.together(3, *self.pair("many", "--streamed-output", "--iterations", 0))
        self.assertEqual(run.returncode, 0, run.stderr)
        for name in self.IMAGES:  # no step, no displacement: the files are equal to the byte
            self.assertEqual((self.folder / f"one_{name}.mha").read_bytes(),
                             (self.folder / f"many_{name}.mha").read_bytes(), name)

    def test_dry_run(self):
        run = self.together(3, "fixed.mha", "moving.mha", "--dry-run")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout.count("reserved at once"), 1)

    def fails_with(self, words, *arguments, processes=3, code=2, **keywords):
        before = self.files()
        run = self.together(processes, *arguments, **keywords)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        said = [line for line in run.stderr.splitlines() if line.startswith("gnr-register: error:")]
        self.assertEqual(len(said), 1, run.stderr)
        self.assertIn(words, said[0])
        self.assertLess(run.seconds, 30)
        self.assertEqual(self.files(), before, "nothing is written")

    def test_bad_usage_and_bad_files(self):
        self.fails_with("--no-such-option", *self.pair("out", "--no-such-option"))
        self.fails_with("absent.mha", "absent.mha", "moving.mha", "-o", "out")
        self.fails_with("--composite", *self.pair("out", "--composite", "--streamed-output"))
        nifti.write(self.folder / "fixed.nii.gz", SIZE, self.fixed, "f", FIXED, ORIGIN)
        for words in ("fixed.nii.gz: cannot be read in parts: it is compressed", "or leave out --streamed-input"):
            self.fails_with(words, "fixed.nii.gz", "moving.mha", "-o", "out", "--streamed-input")
        self.fails_with("needs the images as a whole", *self.pair("out", "--streamed-input", "--initial-transform", "rigid"))
        help_text = self.together(2, "--help")
        self.assertEqual(help_text.returncode, 0)
        self.assertEqual(help_text.stdout.count("Exit codes:"), 1)

    def test_a_file_that_is_bad_where_one_process_reads(self):
        nifti.write(self.folder / "fixed.nii", SIZE, self.fixed, "f", FIXED, ORIGIN)
        nrrd.write(self.folder / "fixed.nrrd", SIZE, self.fixed, "f", FIXED, ORIGIN)
        for ending in ("mha", "nii", "nrrd"):
            raw = (self.folder / f"fixed.{ending}").read_bytes()
            (self.folder / f"short.{ending}").write_bytes(raw[:-3000])
            self.fails_with(f"short.{ending}: the file is truncated ({len(raw) - 3000} bytes of {len(raw)})",
                            f"short.{ending}", "moving.mha", "-o", "out", "--streamed-input")
        values = list(self.fixed)
        values[-1] = float("nan")
        metaimage.write(self.folder / "nan.mha", SIZE, values, FIXED, ORIGIN)
        nifti.write(self.folder / "nan.nii", SIZE, values, "f", FIXED, ORIGIN)
        self.fails_with("nan.nii: voxel [27, 23, 30] is not a number", "nan.nii", "moving.mha", "-o", "out", "--streamed-input")
        for more in ((), ("--streamed-input",)):
            self.fails_with("nan.mha: voxel [27, 23, 30] is not a number", "nan.mha", "moving.mha", "-o", "out", *more)

    def test_without_the_plugin(self):
        self.fails_with("gnr-mpi", *self.pair("out"), environment={"GNR_PLUGIN_PATH": str(self.folder)})

    def test_time_limit(self):
        run = self.together(2, *self.pair("out", "--time-limit", "1e-3"))
        self.assertEqual(run.returncode, 5, run.stdout + run.stderr)
        self.assertEqual(self.report("out")["result"]["stopReason"], "time-limit")


if __name__ == "__main__":
    support.main()
