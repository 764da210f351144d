#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register from end to end on a phantom: what it writes, what it says, and that both agree. (ctest: skip code 77)"""
import json
import math
import re
import shutil
import struct
import unittest

import nifti
import support

# An oblique grid with unequal spacing: a rotation by atan(3/4) about z, and z turned round.
MATRIX = ((0.8 * 2.0, -0.6 * 2.5, 0.0), (0.6 * 2.0, 0.8 * 2.5, 0.0), (0.0, 0.0, -2.25))
ORIGIN = (-20.0, 13.0, 40.0)
SIZE = (28, 24, 26)


def make_pair(folder):
    """Three blobs, shifted by up to 4 mm each in its own way."""
    frame = nifti.Image(SIZE, MATRIX, ORIGIN, [])
    centres = [(*frame.point(*i), h) for i, h in (((9, 9, 9), 1.0), ((18, 13, 15), 0.7), ((12, 15, 17), -0.5))]
    moved = [(x + a, y + b, z + c, h) for (x, y, z, h), (a, b, c) in zip(centres, ((3, -1, 1), (-1, 2, 3), (2, 2, -2)))]
    for name, at in (("fixed", centres), ("moving", moved)):
        values = [100.0 * v for v in support.blobs(SIZE, MATRIX, ORIGIN, at, 6.0)]
        nifti.write(folder / f"{name}.nii.gz", SIZE, values, "f", MATRIX, ORIGIN)


class EndToEnd(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        make_pair(self.folder)

    def test_outputs_agree_with_each_other_and_with_the_summary(self):
        run = self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "out/pair", "--threads", 2,
                                         "--beta", 10,  # intensities reach 100: what 1e-3 is for images between 0 and 1
                                         "--normalization", "none", "--inverse", "--velocity", "--determinant"))
        names = ["displacement", "inverse_displacement", "velocity", "warped", "determinant"]
        written = [f"out/pair_{n}.nii.gz" for n in names] + ["out/pair_report.json"]
        self.assertEqual(self.files(), sorted(["fixed.nii.gz", "moving.nii.gz", "out"] + written))
        for name in written:
            self.assertIn(name, run.stdout)

        fixed, moving = (nifti.read(self.folder / f"{n}.nii.gz") for n in ("fixed", "moving"))
        u, w, warped, det = (nifti.read(self.folder / f"out/pair_{n}.nii.gz")
                             for n in ("displacement", "inverse_displacement", "warped", "determinant"))
        for image, components in ((u, 3), (w, 3), (warped, 1), (det, 1)):
            self.assertEqual(image.size, SIZE)
            self.assertEqual(len(image.components), components)
            for row, expected in zip(image.matrix, MATRIX):
                for a, b in zip(row, expected):
                    self.assertAlmostEqual(a, b, 4)

        # Everything again from the displacement: x corresponds to x + u(x), in physical space.
        report = json.loads((self.folder / "out/pair_report.json").read_text())
        after = before = round_trip = 0.0
        largest = 0.0
        i = 0
        for z in range(SIZE[2]):
            for y in range(SIZE[1]):
                for x in range(SIZE[0]):
                    p = u.point(x, y, z)
                    v = [c[i] for c in u.components]
                    q = [a + b for a, b in zip(p, v)]
                    value = nifti.sample(moving, moving.index(q))
                    self.assertAlmostEqual(warped.data[i], value, delta=0.02)
                    after += (value - fixed.data[i]) ** 2
                    before += (moving.data[i] - fixed.data[i]) ** 2
                    largest = max(largest, math.sqrt(sum(c * c for c in v)))
                    at = w.index(q)
                    back = [a + nifti.sample(w, at, k) - b for k, (a, b) in enumerate(zip(q, p))]
                    inside = all(0 <= a <= n - 1 for a, n in zip(at, SIZE))
                    round_trip += math.sqrt(sum(c * c for c in back)) if inside else 0.0
                    i += 1
        mismatch = math.sqrt(after / before)
        result = report["result"]
        self.assertLess(mismatch, 0.2)
        # linear interpolation here against the solver's cubic
        self.assertAlmostEqual(result["mismatch"], mismatch, delta=0.03)
        self.assertAlmostEqual(result["maximumDisplacementMm"], largest, delta=1e-3)
        self.assertAlmostEqual(result["determinant"]["minimum"], min(det.data), delta=1e-5)
        self.assertAlmostEqual(result["determinant"]["maximum"], max(det.data), delta=1e-5)
        self.assertEqual(result["foldedVoxels"], sum(1 for d in det.data if d <= 0))
        self.assertLess(round_trip / i, 0.1 * 2.0)  # a tenth of a voxel on average

        self.check_summary(run.stdout, report)
        self.check_schema(report)

    def check_summary(self, text, report):
        """The summary is the report, with fewer digits."""
        result = report["result"]
        number = r"(-?[\d.]+)"

        def found(pattern):
            match = re.search(pattern, text)
            self.assertIsNotNone(match, f"{pattern} in\n{text}")
            return match

        self.assertAlmostEqual(float(found(rf"mismatch\s+{number} \(1 before")[1]), result["mismatch"], delta=6e-5)
        low, high, mean = found(rf"det\(I \+ grad u\)\s+{number} \.\.\. {number}, mean {number}").groups()
        self.assertAlmostEqual(float(low), result["determinant"]["minimum"], delta=6e-5)
        self.assertAlmostEqual(float(high), result["determinant"]["maximum"], delta=6e-5)
        self.assertAlmostEqual(float(mean), result["determinant"]["mean"], delta=6e-5)
        self.assertEqual(int(found(r"folded voxels\s+(\d+)")[1]), result["foldedVoxels"])
        self.assertAlmostEqual(float(found(rf"max \|u\|\s+{number} mm")[1]), result["maximumDisplacementMm"], delta=6e-4)
        self.assertEqual(found(r"stopped because\s+(.+)")[1], result["stopDescription"])
        wall, cpu = found(rf"time\s+{number} s wall, {number} s CPU").groups()
        self.assertAlmostEqual(float(wall), report["time"]["wallSeconds"], delta=6e-3)
        self.assertAlmostEqual(float(cpu), report["time"]["cpuSeconds"], delta=6e-3)
        megabytes, per_voxel = found(r"peak memory\s+(\d+) MB \((\d+) bytes per voxel\)").groups()
        self.assertAlmostEqual(int(megabytes), report["memory"]["peakBytes"] / 2 ** 20, delta=0.6)
        self.assertAlmostEqual(int(per_voxel), report["memory"]["peakBytesPerVoxel"], delta=0.6)
        rows = re.findall(r"^ +(\d+) +(\d+) +(\S+e\S+) +(\S+) +(\S+e\S+) +(\d+) +(\S+) +(\S+)$", text, re.M)
        steps = [(level["level"], i) for level in report["levels"] for i in level["iterations"]]
        self.assertEqual(len(rows), len(steps), "a line per Newton step")
        self.assertEqual(len(steps), result["newtonSteps"])
        for row, (level, step) in zip(rows, steps):
            self.assertEqual((int(row[0]), int(row[1]), int(row[5])), (level, step["iteration"], step["krylovIterations"]))
            self.assertAlmostEqual(float(row[2]) / step["objective"], 1.0, delta=1e-4)
            self.assertAlmostEqual(float(row[3]), step["mismatch"], delta=6e-5)

    def check_schema(self, report):
        self.assertEqual(set(report), {"schema", "schemaVersion", "versions", "inputs", "options", "alignment", "machine",
                                       "solverGrid",
                                       "levels", "result", "time", "memory", "traffic", "scalingModel", "files", "messages"})
        self.assertEqual(report["schema"], "gnr-register report")
        self.assertEqual(report["schemaVersion"], 1)
        self.assertEqual(set(report["versions"]), {"gnr-register", "ITK", "fourierTransforms", "buildType"})
        self.assertEqual(report["inputs"]["fixed"]["size"], list(SIZE))
        for a, b in zip(report["inputs"]["fixed"]["spacingMm"], (2.0, 2.5, 2.25)):
            self.assertAlmostEqual(a, b, 5)
        self.assertEqual(report["options"]["beta"], 10.0)
        self.assertEqual(report["options"]["normalization"], "none")
        self.assertEqual(report["machine"]["threads"], 2)
        self.assertGreater(len(report["levels"]), 0)
        for level in report["levels"]:
            for step in level["iterations"]:
                self.assertEqual(set(step), {"iteration", "objective", "distance", "regularization", "mismatch",
                                             "relativeGradient", "krylovIterations", "innerIterations", "stepLength",
                                             "timeSteps", "massDrift", "seconds"})
                self.assertAlmostEqual(step["objective"], step["distance"] + step["regularization"],
                                       delta=1e-5 * step["objective"])
        self.assertGreater(len(report["time"]["phases"]), 2)
        total = sum(phase["seconds"] for phase in report["time"]["phases"])
        self.assertAlmostEqual(total, report["time"]["wallSeconds"], delta=0.1 * report["time"]["wallSeconds"] + 0.05)
        self.assertEqual(set(report["memory"]), {"peakBytes", "peakBytesPerVoxel", "totalPeakBytes", "plannedBytes",
                                                 "availableBytes", "deviceBytes", "availableDeviceBytes",
                                                 "plannedFieldBytes", "peakFieldBytes", "mostPeakFieldBytes",
                                                 "overflowFieldBytes", "phases"})
        self.assertGreater(report["memory"]["peakFieldBytes"], 0)

    def test_quiet_prints_nothing(self):
        run = self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "q", "--quiet", "--iterations", 1))
        self.assertEqual(run.stdout, "")

    def test_only_what_is_asked_for_is_written(self):
        usual = {"fixed.nii.gz", "moving.nii.gz", "n_displacement.nii.gz", "n_warped.nii.gz", "n_report.json"}
        optional = {"--inverse": "n_inverse_displacement.nii.gz", "--velocity": "n_velocity.nii.gz",
                    "--determinant": "n_determinant.nii.gz"}
        arguments = ("fixed.nii.gz", "moving.nii.gz", "-o", "n", "--iterations", 1)
        run = self.succeed(self.register(*arguments))
        self.assertEqual(set(self.files()), usual)
        self.assertNotIn("inverse", run.stdout)
        report = json.loads((self.folder / "n_report.json").read_text())
        self.assertEqual(set(report["files"]), usual - {"fixed.nii.gz", "moving.nii.gz"})
        self.assertNotIn("inverse displacement", [phase["name"] for phase in report["memory"]["phases"]])
        displacement = (self.folder / "n_displacement.nii.gz").read_bytes()
        for option, name in optional.items():
            run = self.succeed(self.register(*arguments, option))
            self.assertEqual(set(self.files()), usual | {name})
            self.assertNotIn("left from an earlier run", run.stdout)
            self.assertEqual((self.folder / "n_displacement.nii.gz").read_bytes(), displacement, "no output changes another")
            again = self.succeed(self.register(*arguments))
            self.assertIn(f"{name} is left from an earlier run", again.stdout)
            (self.folder / name).unlink()

    def test_two_dashes_end_the_options(self):
        """A file may have a name like an option."""
        shutil.copy(self.folder / "moving.nii.gz", self.folder / "-m.nii.gz")
        self.succeed(self.register("-o", "n", "--iterations", 1, "--", "fixed.nii.gz", "-m.nii.gz"))
        for arguments in (("-o", "n", "--", "fixed.nii.gz", "-m.nii.gz", "--quiet"), ("-o", "n", "--", "fixed.nii.gz")):
            self.assertEqual(self.register(*arguments).returncode, 2)

    def test_a_header_with_two_orientations_is_told(self):
        """Which of them ITK takes depends on the codes and on its version; the message must be true in any case."""
        size, origin, step = (16, 14, 12), (10.0, 20.0, 30.0), 7.0  # mm, between qform and sform along x
        values = [float((x // 4 + y // 4 + z // 4) % 3) for z in range(12) for y in range(14) for x in range(16)]
        nifti.write(self.folder / "m.nii", size, values, "f", ((2, 0, 0), (0, 2, 0), (0, 0, 2)), origin)
        header = (self.folder / "m.nii").read_bytes()
        arguments = ("f.nii", "m.nii", "-o", "o", "--iterations", 0, "--levels", 1)
        for qform, sform, shift, said in ((1, 1, step, True), (1, 2, step, True), (1, 1, 0.0, False), (1, 0, step, False),
                                          (0, 1, step, False)):
            with self.subTest(qform=qform, sform=sform, shift=shift):
                raw = bytearray(header)
                struct.pack_into("<2h", raw, 252, qform, sform)
                # No rotation in RAS is half a turn about z in LPS, which is what m.nii has.
                struct.pack_into("<6f", raw, 256, 0, 0, 1, -(origin[0] + shift), -origin[1], origin[2])
                (self.folder / "f.nii").write_bytes(raw)
                run = self.succeed(self.register(*arguments))
                notes = [m for m in json.loads((self.folder / "o_report.json").read_text())["messages"] if "two places" in m]
                self.assertEqual(len(notes), said, notes)
                self.assertEqual("two places" in run.stdout, said)
                if said:
                    taken = re.fullmatch(r"f\.nii: its header puts the image at two places, up to 7 mm apart: the (\w+) is "
                                         r"taken here, other programs may take the (\w+)\. Make them agree", notes[0])
                    self.assertEqual(set(taken.groups()), {"qform", "sform"})
                    x = nifti.read(self.folder / "o_warped.nii.gz").origin[0]
                    self.assertAlmostEqual(x, origin[0] + (step if taken[1] == "qform" else 0.0), delta=1e-4)

    def test_limits_are_taken_and_can_be_switched_off(self):
        arguments = ("fixed.nii.gz", "moving.nii.gz", "-o", "l", "--iterations", 1, "-v")
        for values, shown in (((1.5, "none"), "gradient limit 1.5, divergence limit none"),
                              (("none", 0.75), "gradient limit none, divergence limit 0.75")):
            run = self.succeed(self.register(*arguments, "--gradient-limit", values[0], "--divergence-limit", values[1]))
            self.assertIn(shown, re.sub(r"\s+", " ", run.stdout))
            options = json.loads((self.folder / "l_report.json").read_text())["options"]
            self.assertEqual([options["gradientLimit"], options["divergenceLimit"]],
                             [None if v == "none" else v for v in values])
        for option, allowed in (("--gradient-limit", "from 0.001 to 1000"), ("--divergence-limit", "from 0.001 to 1000"),
                                ("--determinant-floor", "> 0 and <= 0.5"), ("--time-limit", "> 0"), ("--stall-rate", "> 0")):
            for value in ("0", "-1", "nan", "inf", "off"):
                run = self.register(*arguments, option, value)
                self.assertEqual(run.returncode, 2)
                self.assertIn(f"{option}: must be a number {allowed} or none, not '{value}'", run.stderr)

    def test_time_limit_writes_the_result_and_says_so(self):
        run = self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "t", "--time-limit", "1e-6"), code=5)
        self.assertIn("time limit reached", run.stdout)
        report = json.loads((self.folder / "t_report.json").read_text())
        self.assertEqual(report["result"]["stopReason"], "time-limit")
        self.assertIn("t_displacement.nii.gz", self.files())

    def test_explicit_options_override_the_preset_in_any_order(self):
        for order in (("--preset", "fast", "--gradient-tolerance", "0.3"), ("--gradient-tolerance", "0.3", "--preset", "fast")):
            self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "p", "--iterations", 1, *order))
            options = json.loads((self.folder / "p_report.json").read_text())["options"]
            self.assertEqual((options["preset"], options["gradientTolerance"]), ("fast", 0.3))

    def test_masks_transform_and_velocity_are_taken(self):
        inside = [1.0] * (SIZE[0] * SIZE[1] * SIZE[2])
        nifti.write(self.folder / "mask.nii.gz", SIZE, inside, "f", MATRIX, ORIGIN)
        (self.folder / "shift.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
            "Parameters: 1 0.5 0\nFixedParameters:\n")
        self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "a", "--iterations", 2, "--velocity"))
        self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "b", "--iterations", 0, "--levels", 1,
                                   "--fixed-mask", "mask.nii.gz", "--moving-mask", "mask.nii.gz", "--initial-velocity",
                                   "a_velocity.nii.gz"))
        first, second = (nifti.read(self.folder / f"{n}_displacement.nii.gz") for n in "ab")
        # Away from the border, where the solver continues a velocity that it is given in its own way.
        inner = [x + SIZE[0] * (y + SIZE[1] * z)
                 for z in range(4, SIZE[2] - 4) for y in range(4, SIZE[1] - 4) for x in range(4, SIZE[0] - 4)]
        for a, b in zip(first.components, second.components):
            worst = max(abs(a[i] - b[i]) for i in inner)
            self.assertLess(worst, 0.1, "no step from the velocity of the first run gives its displacement")
        self.succeed(self.register("fixed.nii.gz", "moving.nii.gz", "-o", "c", "--iterations", 0, "--initial-transform",
                                   "shift.tfm"))
        third, moving = nifti.read(self.folder / "c_warped.nii.gz"), nifti.read(self.folder / "moving.nii.gz")
        for x, y, z in ((12, 12, 12), (9, 14, 8)):
            p = third.point(x, y, z)
            expected = nifti.sample(moving, moving.index((p[0] + 1, p[1] + 0.5, p[2])))
            self.assertAlmostEqual(third.data[x + SIZE[0] * (y + SIZE[1] * z)], expected, delta=1e-2)

    def test_other_formats_are_read(self):
        raw = nifti.read(self.folder / "moving.nii.gz").data.tobytes()
        axes = list(zip(*MATRIX))
        lengths = [math.sqrt(sum(v * v for v in a)) for a in axes]
        cosines = " ".join(f"{v / n:.12f}" for a, n in zip(axes, lengths) for v in a)
        (self.folder / "moving.mha").write_bytes(
            (f"ObjectType = Image\nNDims = 3\nTransformMatrix = {cosines}\nOffset = {ORIGIN[0]} {ORIGIN[1]} {ORIGIN[2]}\n"
             f"ElementSpacing = {lengths[0]} {lengths[1]} {lengths[2]}\nDimSize = {SIZE[0]} {SIZE[1]} {SIZE[2]}\n"
             "ElementType = MET_FLOAT\nElementDataFile = LOCAL\n").encode() + raw)
        directions = " ".join("(" + ",".join(f"{v:.12f}" for v in a) + ")" for a in axes)
        (self.folder / "moving.nrrd").write_bytes(
            (f"NRRD0004\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: {SIZE[0]} {SIZE[1]} {SIZE[2]}\n"
             f"space directions: {directions}\nkinds: domain domain domain\nendian: little\nencoding: raw\n"
             f"space origin: ({ORIGIN[0]},{ORIGIN[1]},{ORIGIN[2]})\n\n").encode() + raw)
        size = (*SIZE, 1)  # four axes, one time point
        nifti.write(self.folder / "moving4.nii", size, nifti.read(self.folder / "moving.nii.gz").data, "f", MATRIX, ORIGIN)
        mismatches = []
        for name in ("moving.nii.gz", "moving.mha", "moving.nrrd", "moving4.nii"):
            self.succeed(self.register("fixed.nii.gz", name, "-o", "f", "--iterations", 1))
            mismatches.append(json.loads((self.folder / "f_report.json").read_text())["result"]["mismatch"])
        for mismatch in mismatches[1:]:
            self.assertAlmostEqual(mismatch, mismatches[0], delta=1e-4)


if __name__ == "__main__":
    support.main()
