#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line module of 3D Slicer: its description, and runs driven from that as Slicer drives them. (ctest: skip
code 77)"""
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nifti
import nrrd
import support

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "slicer"))
import run_module  # noqa: E402

SIZE = (30, 28, 26)
MATRIX = ((1.5, 0, 0), (0, 1.6, 0), (0, 0, 1.4))
ORIGIN = (-20.0, 5.0, 3.0)

# What the parser of the Slicer Execution Model knows, as far as this module uses it.
HEAD = ["category", "title", "description", "version", "license", "contributor", "acknowledgements"]
KINDS = {"image", "transform", "boolean", "integer", "double", "string", "string-enumeration", "double-vector"}
PARTS = {"name", "label", "description", "default", "longflag", "index", "channel", "constraints", "element"}
ATTRIBUTES = {"image": {"type", "reference"}, "transform": {"type", "fileExtensions"}}
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
# Members of the report of gnr-register that have another name, and those that are files.
REPORT_NAMES = {"checkpointIntervalSeconds": "checkpointInterval", "timeLimitSeconds": "timeLimit"}
# gnr-register has these words beside the names of files, in one option.
ALIGNMENT = "initialAlignment"


class Slicer(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        self.program = support.program("GNR_SLICER")
        self.module = run_module.Module(self.program)
        centres = [(2, 27, 20, 1.0), (-8, 20, 15, 0.7), (8, 34, 28, 0.8), (-4, 36, 12, 0.5)]
        moved = [(x + 1.5, y - 1.2, z + 1.0, h) for x, y, z, h in centres]
        for name, where in (("fixed", centres), ("moving", moved)):
            values = support.blobs(SIZE, MATRIX, ORIGIN, where, 6.0)
            nrrd.write(self.folder / f"{name}.nrrd", SIZE, values, "f", MATRIX, ORIGIN)
        self.values = {"fixedVolume": self.folder / "fixed.nrrd", "movingVolume": self.folder / "moving.nrrd"}

    def run_as_slicer(self, **values):
        """Exit code, log, standard error, results, and all (share, comment) that were shown."""
        shown = []
        reply = self.module.run({**self.values, **values}, lambda *seen: shown.append(seen), cwd=self.folder)
        return (*reply, shown)

    def succeed_as_slicer(self, **values):
        code, log, error, results, shown = self.run_as_slicer(**values)
        self.assertEqual((code, error), (0, ""), log)
        return log, results, shown

    def assert_same_image(self, first, second, share):
        """Nowhere further apart than this share of the grey range."""
        a, b = first.data, second.data
        self.assertEqual(first.size, second.size)
        worst = max(abs(x - y) for x, y in zip(a, b)) / (max(a) - min(a))
        self.assertLess(worst, share)


class Description(Slicer):
    def test_is_what_the_parser_of_slicer_accepts(self):
        root = self.module.root
        self.assertEqual(root.tag, "executable")
        self.assertEqual([e.tag for e in root if e.tag != "parameters"], HEAD)
        for element in root.iter():
            if element.tag in HEAD + ["label", "name", "longflag"]:
                self.assertTrue((element.text or "").strip(), element.tag)
        names, flags, indices = [], [], []
        for group in root.findall("parameters"):
            self.assertLessEqual(set(group.attrib), {"advanced"})
            self.assertEqual([e.tag for e in group][:2], ["label", "description"])
            for element in list(group)[2:]:
                self.assertIn(element.tag, KINDS)
                self.assertLessEqual({e.tag for e in element}, PARTS)
                self.assertLessEqual(set(element.attrib), ATTRIBUTES.get(element.tag, set()))
                p = run_module.Parameter(element)
                self.assertRegex(p.name, VARIABLE)
                self.assertTrue(p.description, p.name)
                names.append(p.name)
                self.assertFalse(p.flag and p.index is not None, p.name)
                if p.flag:
                    self.assertRegex(p.flag, VARIABLE)
                    flags.append(p.flag)
                if p.index is not None:
                    indices.append(p.index)
                if element.tag in ATTRIBUTES:
                    self.assertIn(p.channel, ("input", "output"))
                if "reference" in p.attributes:
                    self.assertIn(p.attributes["reference"], names)
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(len(set(flags)), len(flags))
        self.assertEqual(indices, list(range(len(indices))))

    def test_defaults_fit_their_widgets(self):
        for p in self.module.parameters.values():
            if p.is_result or p.tag in run_module.FILES:
                continue
            self.assertTrue(p.default, p.name)
            if p.tag in ("integer", "double"):
                self.assertEqual(set(p.limits), {"minimum", "maximum", "step"}, p.name)
                self.assertLessEqual(p.limits["minimum"], float(p.default), p.name)
                self.assertGreaterEqual(p.limits["maximum"], float(p.default), p.name)
                self.assertRegex(p.default, r"^[0-9]+(\.[0-9]+)?$", "Slicer counts the digits after the point")
            elif p.tag == "string-enumeration":
                self.assertIn(p.default, p.elements)
            elif p.tag == "boolean":
                self.assertIn(p.default, ("true", "false"))

    def test_defaults_are_those_of_the_registration(self):
        """Of a run of gnr-register without options; every option of it is there, and no other."""
        self.succeed(self.register("fixed.nrrd", "moving.nrrd", "-o", "pair", "--iterations", "1"))
        used = json.loads((self.folder / "pair_report.json").read_text())["options"]
        used["iterations"] = int(self.module.parameters["iterations"].default)  # the only one that was given
        options = {p.name: p for p in self.module.parameters.values() if not p.is_result and p.tag not in run_module.FILES}
        self.assertEqual(options.pop("processes").default, "1")  # how, not what
        self.assertEqual(set(options), {REPORT_NAMES.get(name, name) for name in used} | {ALIGNMENT})
        alignment = options.pop(ALIGNMENT)
        self.assertEqual((alignment.tag, alignment.default), ("string-enumeration", "identity"))
        self.assertIn("FILE|" + "|".join(alignment.elements), self.succeed(self.register("--help")).stdout)
        unset = {"levels": "automatic", "landmarkSigma": "automatic", "threads": "all"}
        for name, value in used.items():
            p = options[REPORT_NAMES.get(name, name)]
            if value is None:
                self.assertEqual(p.default, unset.get(name, "none"), name)
            elif p.tag == "boolean":
                self.assertEqual(p.default, str(value).lower(), name)
            elif p.tag == "double-vector":
                self.assertEqual([float(v) for v in p.default.split(",")], value, name)
            elif isinstance(value, str):
                self.assertEqual(p.default, value, name)
            else:
                self.assertAlmostEqual(float(p.default), value, delta=1e-9, msg=name)

    def test_iterations_default(self):
        """The one that the test above gives."""
        text = re.sub(r"\s+", " ", self.succeed(self.register("--help")).stdout)
        default = re.search(r"--iterations COUNT [^\[]*\[default: (\d+)\]", text)[1]
        self.assertEqual(self.module.parameters["iterations"].default, default)

    def test_texts_are_for_a_window(self):
        for p in self.module.parameters.values():
            self.assertNotRegex(p.description, r"--[a-z]|FIXED|MOVING|exit code", p.name)

    def test_is_quick_and_needs_no_files(self):
        start = time.monotonic()
        reply = self.call(self.program, "--xml", cwd="/")
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual((reply.returncode, reply.stderr, reply.stdout), (0, "", self.module.xml))


class Run(Slicer):
    def test_outputs_and_progress(self):
        # Slicer takes the first file extension of a parameter, and .nrrd for volumes.
        extension = self.module.parameters["outputTransform"].attributes["fileExtensions"].split(",")[0]
        log, results, shown = self.succeed_as_slicer(
            outputTransform=f"t{extension}", outputVolume="warped.nrrd", determinantVolume="det.nrrd")

        shares = [share for share, _ in shown]
        self.assertGreater(len(shares), 5)
        self.assertEqual(shares, sorted(shares))
        self.assertTrue(0 <= shares[0] and shares[-1] == 1, shares)
        self.assertTrue(any("grid of" in comment for _, comment in shown))
        self.assertNotIn("<filter", log)
        self.assertIn("Newton steps", log)

        # The same numbers as gnr-register.
        self.succeed(self.register("fixed.nrrd", "moving.nrrd", "-o", "pair", "--determinant"))
        result = json.loads((self.folder / "pair_report.json").read_text())["result"]
        self.assertEqual(set(results), {p.name for p in self.module.parameters.values() if p.is_result})
        self.assertAlmostEqual(float(results["mismatch"]), result["mismatch"], delta=1e-5)
        self.assertAlmostEqual(float(results["determinantMinimum"]), result["determinant"]["minimum"], delta=1e-5)
        self.assertEqual(int(results["foldedVoxels"]), result["foldedVoxels"])
        self.assertLess(float(results["mismatch"]), 0.3)

        warped = nrrd.read(self.folder / "warped.nrrd")
        self.assertEqual(warped.size, SIZE)
        self.assert_same_image(warped, nifti.read(self.folder / "pair_warped.nii.gz"), 1e-6)
        self.assert_same_image(nrrd.read(self.folder / "det.nrrd"), nifti.read(self.folder / "pair_determinant.nii.gz"), 1e-6)
        # The transform, read by ITK's reader of transform files, and only applied: no Newton step.
        self.succeed(self.register("fixed.nrrd", "moving.nrrd", "-o", "again", "--initial-transform", f"t{extension}",
                                   "--iterations", "0"))
        self.assert_same_image(warped, nifti.read(self.folder / "again_warped.nii.gz"), 1e-3)

    def test_initial_transform_is_part_of_the_outputs(self):
        # The moving volume lies 6 mm away in x on a grid of its own.
        size, matrix, origin = (34, 30, 28), ((1.4, 0, 0), (0, 1.5, 0), (0, 0, 1.5)), (-16.0, 4.0, 2.0)
        values = support.blobs(size, matrix, origin, [(9.5, 25.8, 21.0, 1.0), (-0.5, 18.8, 16.0, 0.7),
                                                      (15.5, 32.8, 29.0, 0.8), (3.5, 34.8, 13.0, 0.5)], 6.0)
        nrrd.write(self.folder / "far.nrrd", size, values, "f", matrix, origin)
        (self.folder / "start.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_3_3\n"
            "Parameters: 6 0 0\nFixedParameters:\n")
        self.succeed_as_slicer(movingVolume="far.nrrd", initialTransform="start.tfm", outputTransform="t.nii.gz",
                               inverseTransform="inverse.nrrd", outputVolume="warped.nrrd")
        warped = nrrd.read(self.folder / "warped.nrrd")
        fixed = nrrd.read(self.folder / "fixed.nrrd")
        self.assertGreater(support.correlation(warped.data, fixed.data), 0.99)
        # The displacement alone brings the volume there.
        self.succeed(self.apply("--displacement", "t.nii.gz", "-i", "far.nrrd", "-o", "again.nrrd", "--reference", "fixed.nrrd"))
        self.assert_same_image(warped, nrrd.read(self.folder / "again.nrrd"), 1e-3)
        # There and back, at some points inside both grids; both fields are smooth over several voxels.
        there, back = nifti.read(self.folder / "t.nii.gz"), nrrd.read(self.folder / "inverse.nrrd")
        self.assertEqual(back.size, size)
        worst = 0.0
        for x, y, z in ((8, 9, 9), (12, 14, 12), (17, 15, 15), (14, 20, 10)):
            start = there.point(x, y, z)
            p = [start[k] + nifti.sample(there, (x, y, z), k) for k in range(3)]
            q = [p[k] + nifti.sample(back, back.index(p), k) for k in range(3)]
            worst = max(worst, *(abs(a - b) for a, b in zip(start, q)))
        self.assertLess(worst, 0.05 * 1.4)

    def test_initial_alignment_is_part_of_the_outputs(self):
        """The moving volume is shifted in its header, so that nothing overlaps."""
        moving = nrrd.read(self.folder / "moving.nrrd")
        far = tuple(a + b for a, b in zip(ORIGIN, (70.0, -60.0, 50.0)))
        nrrd.write(self.folder / "far.nrrd", SIZE, moving.data, "f", MATRIX, far)
        fixed = nrrd.read(self.folder / "fixed.nrrd")
        for word in ("moments", "affine"):
            log, _, shown = self.succeed_as_slicer(movingVolume="far.nrrd", initialAlignment=word, outputTransform="t.nii.gz",
                                                   inverseTransform="inverse.nrrd", outputVolume="warped.nrrd")
            self.assertIn(f"alignment {word}", log)
            comments = [comment for _, comment in shown]
            first = min(i for i, comment in enumerate(comments) if "grid of" in comment)
            self.assertIn("alignment", comments[:first])
            shares = [share for share, _ in shown]
            self.assertEqual((shares, shares[-1]), (sorted(shares), 1))
            warped = nrrd.read(self.folder / "warped.nrrd")
            self.assertGreater(support.correlation(warped.data, fixed.data), 0.99)
            # The same as gnr-register makes of it, and the output transform alone brings the volume there.
            self.succeed(self.register("fixed.nrrd", "far.nrrd", "-o", "pair", "--initial-transform", word))
            self.assert_same_image(warped, nifti.read(self.folder / "pair_warped.nii.gz"), 1e-6)
            self.succeed(self.apply("-t", "t.nii.gz", "-i", "far.nrrd", "-o", "again.nrrd", "--reference", "fixed.nrrd"))
            self.assert_same_image(warped, nrrd.read(self.folder / "again.nrrd"), 1e-3)
            # The inverse lies on the grid of the moving volume and leads back over the whole distance.
            there, back = nifti.read(self.folder / "t.nii.gz"), nrrd.read(self.folder / "inverse.nrrd")
            self.assertEqual(back.point(0, 0, 0), far)
            for x, y, z in ((10, 9, 9), (14, 14, 12), (17, 15, 15)):
                start = there.point(x, y, z)
                p = [start[k] + nifti.sample(there, (x, y, z), k) for k in range(3)]
                q = [p[k] + nifti.sample(back, back.index(p), k) for k in range(3)]
                self.assertGreater(sum((a - b) ** 2 for a, b in zip(start, p)), 90.0**2)  # shifted by 105 mm
                self.assertLess(max(abs(a - b) for a, b in zip(start, q)), 0.05 * 1.4)
        log, _, _ = self.succeed_as_slicer(initialAlignment="identity", outputVolume="warped.nrrd")
        self.assertNotIn("alignment", log)

    def test_presets_act_although_slicer_passes_every_value(self):
        def options(log):
            return re.search(r"^options  (.*)$", log, re.M)[1]

        for preset in self.module.parameters["preset"].elements:
            density = {"density": "given"} if preset == "lung-ct" else {}  # these are no CTs
            log, _, _ = self.succeed_as_slicer(outputVolume="w.nrrd", preset=preset, **density)
            more = [word for name, value in density.items() for word in (f"--{name}", value)]
            direct = self.succeed(self.register("fixed.nrrd", "moving.nrrd", "-o", "pair", "--preset", preset, *more)).stdout
            self.assertEqual(options(log), options(direct))
            self.assertEqual(re.findall(r"mismatch .*", log), re.findall(r"mismatch .*", direct))
        log, _, _ = self.succeed_as_slicer(outputVolume="w.nrrd", preset="accurate", beta="0.0500", incompressible="true",
                                           determinantBounds="0.3,3")
        self.assertIn("beta 0.05", options(log))
        self.assertIn("incompressible", options(log))

    def test_example(self):
        """examples/slicer/run_module.py as a program, not as a module of this test."""
        script = Path(run_module.__file__)
        listing = self.succeed(self.call(sys.executable, "-B", script, self.program)).stdout
        self.assertEqual(len(listing.splitlines()), 1 + len(self.module.parameters))
        run = self.succeed(self.call(sys.executable, "-B", script, self.program, "fixedVolume=fixed.nrrd",
                                     "movingVolume=moving.nrrd", "outputVolume=w.nrrd", "iterations=1"))
        self.assertIn("100.0 %", run.stdout)
        self.assertRegex(run.stdout, r"Mismatch: 0\.\d+")
        self.assertTrue((self.folder / "w.nrrd").exists())

    def test_time_limit_keeps_the_result(self):
        """Slicer loads outputs only after exit code 0."""
        log, results, _ = self.succeed_as_slicer(outputVolume="w.nrrd", timeLimit="0.0001")
        self.assertIn("time limit", results["stopReason"])
        self.assertTrue((self.folder / "w.nrrd").exists())


class Failure(Slicer):
    def check(self, code, error, words):
        self.assertEqual(code, 2, error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertIn(words, error)
        self.assertEqual(self.files(), ["fixed.nrrd", "moving.nrrd"])

    def test_bad_input(self):
        for values, words in (
            ({}, "no output"),
            ({"outputVolume": "w.nrrd", "movingVolume": "absent.nrrd"}, "absent.nrrd"),
            ({"outputVolume": "w.nrrd", "beta": "-1"}, "beta"),
            ({"outputVolume": "w.nrrd", "device": "abacus"}, "device"),
            ({"outputVolume": "w.png"}, "w.png"),
            ({"outputTransform": "t.xyz"}, "t.xyz"),
            ({"outputVolume": "w.nrrd", "initialAlignment": "afine"}, "initial-alignment"),
            ({"outputVolume": "w.nrrd", "initialAlignment": "rigid", "initialTransform": "t.tfm"}, "Choose one of them"),
            ({"outputVolume": "w.nrrd", "initialTransform": "absent.tfm"}, "absent.tfm: no such file"),
            ({"outputVolume": "absent/folder/w.nrrd"}, "absent/folder"),
        ):
            code, _, error, results, _ = self.run_as_slicer(**values)
            self.check(code, error, words)
            self.assertEqual(results, {})

    def test_unknown_option(self):
        reply = self.call(self.program, "--outputVolume", "w.nrrd", "--betaa", "1", "fixed.nrrd", "moving.nrrd")
        self.check(reply.returncode, reply.stderr, "--betaa")

    def test_killed(self):
        """Slicer cancels with SIGKILL; whatever ends a run, no incomplete file has a final name."""
        endless = {"beta": "0.00001", "gradientTolerance": "0.0001", "objectiveTolerance": "0", "gradientLimit": "none",
                   "iterations": "500", "krylovIterations": "500"}
        outputs = {"outputTransform": "t.h5", "outputVolume": "w.nrrd", "inverseTransform": "i.nrrd"}
        for number in (signal.SIGTERM, signal.SIGKILL):
            command = self.module.command_line({**self.values, **endless, **outputs}, self.folder / "r.params")
            run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
            for line in run.stdout:
                if "<filter-progress>" in line:
                    break
            run.send_signal(number)
            _, error = run.communicate()
            self.assertEqual((run.returncode, error), (143 if number == signal.SIGTERM else -9, ""))
            self.assertEqual(self.files(), ["fixed.nrrd", "moving.nrrd"])

    def test_killed_while_writing(self):
        for delay in (0.0, 0.004):
            command = self.module.command_line(
                {**self.values, "iterations": "0", "outputTransform": "t.h5", "outputVolume": "w.nrrd"},
                self.folder / "r.params")
            run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
            for line in run.stdout:
                if "<filter-comment>writing" in line:
                    break
            time.sleep(delay)
            run.send_signal(signal.SIGTERM)
            run.communicate()
            done = ["fixed.nrrd", "moving.nrrd", "r.params", "t.h5", "w.nrrd"]
            self.assertIn(self.files(), (["fixed.nrrd", "moving.nrrd"], done))
            for name in set(self.files()) - {"fixed.nrrd", "moving.nrrd"}:
                (self.folder / name).unlink()


if __name__ == "__main__":
    support.main()
