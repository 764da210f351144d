#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names of BIDS: the derivatives of gnr-register --bids, and gnr-batch over a dataset. (ctest: skip code 77)"""
import json
import os
from pathlib import Path

import nifti
import support

SIZE = (16, 14, 12)
FAST = ("--threads", "1", "--levels", "1", "--iterations", "2")


class Bids(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        self.image("tpl-Waves_res-1_T1w.nii.gz", 0.0)
        self.describe("data")

    def image(self, path, shift=0.2):
        """`path` below the folder of the test."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        nifti.write(file, SIZE, nifti.waves(SIZE, (0.5, 0.4, 0.6), shift), "f")
        return path

    def describe(self, folder, **members):
        (self.folder / folder).mkdir(exist_ok=True)
        text = json.dumps({"Name": "Waves", "BIDSVersion": "1.8.0", **members})
        (self.folder / folder / "dataset_description.json").write_text(text)
        return text

    def json(self, path):
        return json.loads((self.folder / path).read_text())

    def results(self, folder="data/derivatives/gnr"):
        root = self.folder / folder
        return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}

    def batch(self, *arguments):
        return self.call(Path(support.program("GNR_REGISTER")).with_name("gnr-batch"), *arguments)

    def refused(self, run, *says):
        """One sentence."""
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        for words in says:
            self.assertIn(words, run.stderr)


class Register(Bids):
    MOVING = "data/sub-01/ses-1/anat/sub-01_ses-1_acq-fine_desc-preproc_T1w.nii.gz"
    OUTPUT = ("-o", "data/derivatives/gnr", "--bids")

    def test_names(self):
        self.image(self.MOVING)
        self.succeed(self.register("tpl-Waves_res-1_T1w.nii.gz", self.MOVING, *self.OUTPUT, "--inverse", "--velocity",
                                   "--determinant", "--dispvect", "--initial-transform", "moments", *FAST))
        begin = "sub-01/ses-1/anat/sub-01_ses-1_acq-fine"
        forward, inverse = f"{begin}_from-T1w_to-Waves_mode-image", f"{begin}_from-Waves_to-T1w_mode-image"
        warped = f"{begin}_space-Waves_desc-warped_T1w"
        self.assertEqual(self.results(), {
            "dataset_description.json", ".bidsignore", forward + "_xfm.h5", forward + "_xfm.json", inverse + "_xfm.h5",
            inverse + "_xfm.json", warped + ".nii.gz", warped + ".json", forward + "_desc-displacement_xfm.nii.gz",
            inverse + "_desc-displacement_xfm.nii.gz", forward + "_desc-velocity_xfm.nii.gz",
            forward + "_desc-determinant_xfm.nii.gz", forward + "_desc-dispvect_xfm.nii.gz",
            forward + "_desc-initial_xfm.txt"})

        root = "data/derivatives/gnr/"
        description = self.json(root + "dataset_description.json")
        self.assertEqual(description["DatasetType"], "derivative")
        self.assertEqual(description["DatasetLinks"], {"raw": "../.."})
        self.assertEqual(description["GeneratedBy"][0]["Name"], "gnr-register")
        self.assertTrue({"Name", "BIDSVersion"} <= set(description))
        moving = "bids:raw:" + self.MOVING[len("data/"):]
        fixed = (self.folder / "tpl-Waves_res-1_T1w.nii.gz").resolve().as_uri()
        for name, reference in ((forward + "_xfm", fixed), (inverse + "_xfm", moving), (warped, fixed)):
            sidecar = self.json(f"{root}{name}.json")
            self.assertEqual(sidecar["Sources"], [moving, fixed])
            self.assertEqual(sidecar["SpatialReference"], reference)
            self.assertTrue(sidecar["Description"])

        self.assertIs(self.json(f"{root}{warped}.json")["SkullStripped"], False)  # as BIDS has it of raw data

        # The sidecar of the transform is the report.
        report = self.json(root + forward + "_xfm.json")
        self.assertEqual(report["schema"], "gnr-register report")
        self.assertEqual({os.path.relpath(path, root) for path in report["files"]}, self.results())

    def test_the_transform_makes_the_warped_image(self):
        """antsApplyTransforms takes ..._from-T1w_to-MNI_..._xfm.h5 for images of T1w on the grid of MNI; so does ITK."""
        self.image(self.MOVING)
        self.succeed(self.register("tpl-Waves_res-1_T1w.nii.gz", self.MOVING, *self.OUTPUT, "--initial-transform",
                                   "moments", "--threads", "1"))
        begin = self.folder / "data/derivatives/gnr/sub-01/ses-1/anat/sub-01_ses-1_acq-fine"
        self.succeed(self.apply("--transform", f"{begin}_from-T1w_to-Waves_mode-image_xfm.h5", "-i", self.MOVING,
                                "--reference", "tpl-Waves_res-1_T1w.nii.gz", "-o", "again.nii.gz"))
        expected = nifti.read(f"{begin}_space-Waves_desc-warped_T1w.nii.gz").data
        for a, b in zip(nifti.read(self.folder / "again.nii.gz").data, expected):
            self.assertAlmostEqual(a, b, delta=1e-4)  # of waves of height 1, in single precision

    def test_spaces(self):
        """The space of the fixed image: given, of its name, or what tells it from the moving one."""
        moving = self.image("data/sub-01/ses-2/anat/sub-01_ses-2_run-1_T1w.nii.gz")
        fixed = {"sub-01_ses-1_run-1_T1w": "ses1T1w", "sub-01_ses-2_run-1_T2w": "T2w", "sub-01_space-A1_desc-x_T1w": "A1",
                 "tpl-B_cohort-1_T1w": "B", "sub-02_T1w": "sub02T1w"}
        for name, space in fixed.items():
            with self.subTest(name):
                self.succeed(self.register(self.image(name + ".nii.gz", 0.0), moving, *self.OUTPUT, *FAST))
                self.assertIn(f"sub-01/ses-2/anat/sub-01_ses-2_run-1_from-T1w_to-{space}_mode-image_xfm.h5", self.results())
        self.succeed(self.register(self.image("mean.nii", 0.0), moving, *self.OUTPUT, "--space", "Own", *FAST))
        self.assertIn("sub-01/ses-2/anat/sub-01_ses-2_run-1_space-Own_desc-warped_T1w.nii.gz", self.results())

    def test_a_description_that_is_there_stays(self):
        self.image(self.MOVING)
        (self.folder / "data/derivatives").mkdir()
        text = self.describe("data/derivatives/gnr", DatasetLinks={"other": "elsewhere", "mine": "../../"})
        (self.folder / self.MOVING.replace(".nii.gz", ".json")).write_text('{"SkullStripped": true}')
        self.succeed(self.register("tpl-Waves_res-1_T1w.nii.gz", self.MOVING, *self.OUTPUT, *FAST))
        root = "data/derivatives/gnr/"
        self.assertEqual((self.folder / root / "dataset_description.json").read_text(), text)
        sidecar = self.json(root + "sub-01/ses-1/anat/sub-01_ses-1_acq-fine_space-Waves_desc-warped_T1w.json")
        self.assertEqual(sidecar["Sources"][0], "bids:mine:" + self.MOVING[len("data/"):])
        self.assertIs(sidecar["SkullStripped"], True)
        self.assertFalse((self.folder / root / ".bidsignore").exists())

    def test_picture(self):
        self.image(self.MOVING)
        self.view("--version")  # or it is skipped
        self.succeed(self.register("tpl-Waves_res-1_T1w.nii.gz", self.MOVING, *self.OUTPUT, "--picture", *FAST))
        begin = "sub-01/ses-1/anat/sub-01_ses-1_acq-fine_from-T1w_to-Waves_mode-image"
        self.assertIn(begin + "_desc-quality_xfm.png", self.results())
        self.succeed(self.view(f"data/derivatives/gnr/{begin}_xfm.json", "-o", "again.png"))

    def test_refused(self):
        """Nothing is written, and no folder is left."""
        good = self.image("data/sub-01/anat/sub-01_T1w.nii.gz")
        before = self.files()
        template = "tpl-Waves_res-1_T1w.nii.gz"
        plain, other = self.image("plain.nii.gz"), self.image("ses-1_T1w.nii.gz")
        before = self.files()
        for arguments, says in (
                ((template, plain, *self.OUTPUT), ("plain.nii.gz: its name is not one of BIDS", "sub-01_T1w.nii.gz")),
                ((template, other, *self.OUTPUT), ("ses-1_T1w.nii.gz: its name is not one of BIDS",)),
                ((plain, good, *self.OUTPUT), ("plain.nii.gz: its name is not one of BIDS", "--space")),
                ((template, good, *self.OUTPUT, "--space", "a_b"), ("--space: 'a_b' is no label",)),
                ((template, good, *self.OUTPUT, "--space", "T1w"), ("--space: the spaces of both",)),
                ((template, good, "-o", "out", "--space", "A"), ("--space: needs --bids",)),
                ((template, good, *self.OUTPUT, "--streamed-output"), ("--bids: ", "--streamed-output")),
                ((template, "data/sub-01/anat/sub-01_T2w.nii.gz", *self.OUTPUT), ("no such file",)),
                ((template, good, "-o", "plain.nii.gz/gnr", "--bids"), ("the output folder",))):
            with self.subTest(arguments):
                self.refused(self.register(*arguments), *says)
                self.assertEqual(self.files(), before)


class Batch(Bids):
    def run_batch(self, *options, code=0):
        return self.succeed(self.batch("data", "-o", "data/derivatives/gnr", *options, "--", *FAST), code)

    def transforms(self):
        return {Path(name).name.replace("_mode-image_xfm.h5", "") for name in self.results() if name.endswith(".h5")}

    def test_to_a_template(self):
        for subject in ("01", "02"):
            self.image(f"data/sub-{subject}/anat/sub-{subject}_T1w.nii.gz")
            self.image(f"data/sub-{subject}/anat/sub-{subject}_T2w.nii.gz")
        self.image("data/sub-03/ses-1/anat/sub-03_ses-1_T1w.nii")
        self.image("data/derivatives/other/sub-01/anat/sub-01_T1w.nii.gz")
        self.image("data/sourcedata/sub-01/T1w.nii.gz")
        self.run_batch("--fixed", "tpl-Waves_res-1_T1w.nii.gz")
        self.assertEqual(self.transforms(), {f"sub-{name}_from-T1w_to-Waves" for name in ("01", "02", "03_ses-1")})
        report = self.json("data/derivatives/gnr_report.json")
        self.assertEqual([row["status"] for row in report["rows"]], ["done"] * 3)
        self.assertEqual([row["line"] for row in report["rows"]], [None] * 3)
        self.assertEqual(report["messages"], [])
        own = self.json("data/derivatives/gnr/sub-01/anat/sub-01_from-T1w_to-Waves_mode-image_xfm.json")
        self.assertEqual(report["rows"][0]["details"]["mismatch"], own["result"]["mismatch"])
        self.assertEqual(self.run_batch("--fixed", "tpl-Waves_res-1_T1w.nii.gz").stdout.count("was done before"), 3)

    def test_to_a_session(self):
        for subject, session in (("01", "1"), ("01", "2"), ("01", "3"), ("02", "2"), ("03", "1"), ("03", "2")):
            self.image(f"data/sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}_T1w.nii.gz", 0.1 * int(session))
        run = self.run_batch("--fixed", "ses-1")
        self.assertEqual(self.transforms(), {f"sub-{name}_from-T1w_to-ses1T1w" for name in ("01_ses-2", "01_ses-3", "03_ses-2")})
        message = "sub-02: has no T1w image of ses-1"
        self.assertIn(message, run.stdout)
        self.assertIn(message, self.json("data/derivatives/gnr_report.json")["messages"][0])
        own = self.json("data/derivatives/gnr/sub-03/ses-2/anat/sub-03_ses-2_from-T1w_to-ses1T1w_mode-image_xfm.json")
        self.assertEqual(own["inputs"]["fixed"]["file"], "data/sub-03/ses-1/anat/sub-03_ses-1_T1w.nii.gz")
        self.assertEqual(own["SpatialReference"], "bids:raw:sub-03/ses-1/anat/sub-03_ses-1_T1w.nii.gz")

    def test_select(self):
        for subject in ("01", "02", "03"):
            for run in ("1", "2"):
                self.image(f"data/sub-{subject}/anat/sub-{subject}_run-{run}_bold.nii.gz")
        template = ("--fixed", self.image("mean.nii", 0.0), "--space", "Mean", "--suffix", "bold")
        self.refused(self.batch("data", "-o", "out", *template), "data/sub-01/anat/sub-01_run-1_bold.nii.gz: is one of several "
                     "bold images", "sub-01_run-2_bold.nii.gz", "--select run-")
        self.run_batch(*template, "--select", "run-2", "--select", "sub-01", "--select", "sub-03")
        self.assertEqual(self.transforms(), {f"sub-{name}_run-2_from-bold_to-Mean" for name in ("01", "03")})

    def test_refused(self):
        template = ("--fixed", "tpl-Waves_res-1_T1w.nii.gz")
        self.refused(self.batch("data", "-o", "out", *template), "data: has no T1w images", "--suffix")
        self.refused(self.batch("none", "-o", "out", *template), "none is no folder")
        good = self.image("data/sub-01/anat/sub-01_T1w.nii.gz")
        for arguments, says in (
                (("data", *template), ("--output",)),
                (("data", "-o", "out"), ("--fixed",)),
                (("data", "-o", "out", "--fixed", "none.nii.gz"), ("none.nii.gz: no such file", "ses-LABEL")),
                (("data", "-o", "out", "--fixed", "ses-1"), ("data: has no T1w images to be registered to ses-1",)),
                (("data", "-o", "out", "--fixed", good), ("data: has no T1w images to be registered to " + good,)),
                (("data", "-o", "out", *template, "--select", "01"), ("--select: '01' is no entity",)),
                (("data", "-o", "out", *template, "--select", "run-1"), ("of those selected",)),
                (("data", "-o", "out", *template, "--", "--space", "A"), ("--space: is not for each row",))):
            with self.subTest(arguments):
                self.refused(self.batch(*arguments), *says)
        (self.folder / "pairs.csv").write_text("fixed,moving,output,bids\na,b,c,on\n")
        self.refused(self.batch("pairs.csv"), "pairs.csv: line 1 has a column 'bids'", "the folder of the dataset")
        for name in ("T1w.nii.gz", "sub-02_T1w.nii.gz", "sub-01-T1w.nii.gz"):
            with self.subTest(name):
                bad = self.image("data/sub-01/anat/" + name)
                self.refused(self.batch("data", "-o", "out", *template), f"{bad}: its name is not one of BIDS",
                             "sub-01_T1w.nii.gz")
                (self.folder / bad).unlink()
        self.assertFalse((self.folder / "out").exists())
        self.assertFalse((self.folder / "out_report.json").exists())


if __name__ == "__main__":
    support.main()
