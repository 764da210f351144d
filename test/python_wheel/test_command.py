# SPDX-License-Identifier: Apache-2.0
"""The command gaussnewton: the files of Result.save(), options by their names, exit codes and messages."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import nibabel
import numpy as np

import gaussnewton

COMMAND = [os.path.join(os.path.dirname(sys.executable), "gaussnewton")]
MODULE = [sys.executable, "-m", "gaussnewton"]


def blob(centre):
    """A Gaussian of 4.5 voxels, 1 mm each."""
    x, y, z = np.mgrid[:32, :28, :24].astype(float)
    values = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) / 40.0)
    return nibabel.Nifti1Image(values.astype(np.float32), np.eye(4))


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.fixed, cls.moving = blob((16.0, 14.0, 12.0)), blob((18.0, 14.0, 12.0))
        cls.mask = nibabel.Nifti1Image(np.ones((32, 28, 24), dtype=np.uint8), np.eye(4))
        for name in ("fixed", "moving", "mask"):
            nibabel.save(getattr(cls, name), os.path.join(cls.folder, name + ".nii.gz"))
        nibabel.save(nibabel.Nifti1Image(np.zeros((9, 9, 9, 2), dtype=np.uint8), np.eye(4)), cls.folder + "/four.nii.gz")
        nibabel.save(nibabel.Nifti1Image(np.ones((9, 9, 9), dtype=np.uint8), np.eye(4)), cls.folder + "/small.nii.gz")
        with open(cls.folder + "/fixed.nii.gz", "rb") as whole, open(cls.folder + "/cut.nii.gz", "wb") as cut:
            cut.write(whole.read()[:2000])
        with open(cls.folder + "/text.txt", "w", encoding="ascii") as file:
            file.write("no image\n")

    def run_command(self, *arguments, program=COMMAND):
        return subprocess.run([*program, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300)

    def test_same_files_as_save(self):
        initial = gaussnewton.align(self.fixed, self.moving, "moments")
        result = gaussnewton.register(self.fixed, self.moving, fixed_mask=self.mask, initial_transform=initial, preset="fast",
                                      similarity="ssd", beta=1e-3, outputs=("inverse", "determinant", "velocity"))
        expected = result.save(self.folder + "/saved")
        for program, prefix in ((COMMAND, "out/command"), (MODULE, "out/module")):
            done = self.run_command("fixed.nii.gz", "moving.nii.gz", "-o", prefix, "--fixed-mask", "mask.nii.gz",
                                    "--initial-transform", "moments", "--preset", "fast", "--similarity", "ssd", "--beta", "1e-3",
                                    "--inverse", "--determinant", "--velocity", program=program)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for path in expected:
                name = prefix + os.path.basename(path)[len("saved"):]
                self.assertIn("\n" + name + "\n", done.stdout)
                ours = os.path.join(self.folder, name)
                if path.endswith(".nii.gz"):
                    self.assertTrue((np.asarray(nibabel.load(ours).dataobj) == np.asarray(nibabel.load(path).dataobj)).all(), name)
                elif path.endswith(".tfm"):
                    with open(ours, encoding="ascii") as a, open(path, encoding="ascii") as b:
                        self.assertEqual(a.read(), b.read())
        self.assertEqual(len(os.listdir(self.folder + "/out")), 2 * len(expected))

    def test_every_option_of_the_table_by_its_name(self):
        text = self.run_command("--help").stdout
        for row in gaussnewton.options():
            self.assertIn("--" + row["name"].replace("_", "-"), text)
        done = self.run_command("fixed.nii.gz", "moving.nii.gz", "-o", "table", "-q", "--symmetric", "--no-periodic", "--levels", "1",
                                "--determinant-bounds", "0.3", "3", "--similarity", "ssd", "--gradient-limit", "none")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        with open(self.folder + "/table_report.json", encoding="utf-8") as file:
            report = json.load(file)["options"]
        for name, value in (("symmetric", "on"), ("periodic", "off"), ("levels", "1"), ("determinantBounds", "0.3 3"),
                            ("similarity", "ssd"), ("gradientLimit", "none")):
            self.assertEqual(report[name], value, name)

    def test_version(self):
        self.assertEqual(self.run_command("--version").stdout, "gaussnewton %s (Fourier transforms: %s)\n"
                         % (gaussnewton.__version__, gaussnewton.fourier_transforms))

    def test_time_limit(self):
        done = self.run_command("fixed.nii.gz", "moving.nii.gz", "-o", "late", "-q", "--time-limit", "1e-6")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertTrue(os.path.exists(self.folder + "/late_displacement.nii.gz"))

    def test_bad_input_is_exit_code_2_and_one_line(self):
        both = ("fixed.nii.gz", "moving.nii.gz")
        for arguments, file, remedy in (
                (("fixed.nii.gz", "none.nii.gz", "-o", "bad"), "none.nii.gz: no such file", "Check the path"),
                (("fixed.nii.gz", "text.txt", "-o", "bad"), "text.txt: is not an image", "Convert it"),
                (("cut.nii.gz", "moving.nii.gz", "-o", "bad"), "cut.nii.gz: its voxels cannot be read", "export it again"),
                (("fixed.nii.gz", "four.nii.gz", "-o", "bad"), "four.nii.gz: the image has 4 dimensions", "three are needed"),
                ((*both, "-o", "bad", "--fixed-mask", "small.nii.gz"), "small.nii.gz has the shape", "must be the same"),
                ((*both, "-o", "none/none/bad"), "none/none: the output folder does not exist", "Create it first"),
                ((*both, "-o", "bad", "--beta", "-1"), "Beta", "must be a number > 0"),
                ((*both, "-o", "bad", "--preset", "best"), "preset", "take fast, default"),
                ((*both, "-o", "bad", "--betta", "1"), "--betta", "See gaussnewton --help"),
                (both, "--output", "See gaussnewton --help")):
            with self.subTest(arguments):
                done = self.run_command(*arguments)
                self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stderr)
                self.assertTrue(done.stderr.startswith("gaussnewton: error: "), done.stderr)
                self.assertIn(file, done.stderr)
                self.assertIn(remedy, done.stderr)
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith(("bad", "none"))])

    def test_no_input_is_replaced(self):
        shutil.copy(self.folder + "/moving.nii.gz", self.folder + "/kept_warped.nii.gz")
        done = self.run_command("fixed.nii.gz", "kept_warped.nii.gz", "-o", "kept")
        self.assertEqual(done.returncode, 2)
        self.assertIn("kept_warped.nii.gz: would be written, and is an input as well", done.stderr)


if __name__ == "__main__":
    unittest.main()
