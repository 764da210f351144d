# SPDX-License-Identifier: Apache-2.0
"""The examples in examples/python, run as a user would."""
import csv
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import itk
import numpy as np

import phantoms

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"


class Examples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name, image in zip(("fixed", "moving"), phantoms.pair()):
            itk.imwrite(image, str(self.folder / f"{name}.nii.gz"))

    def call(self, name, *arguments):
        return subprocess.run([sys.executable, "-B", str(EXAMPLES / name), *arguments], cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def read(self, name):
        return itk.array_from_image(itk.imread(str(self.folder / name)))

    def test_register(self):
        run = self.call("register.py", "fixed.nii.gz", "moving.nii.gz", "pair")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("100 %", run.stdout)
        fixed, moving, warped = (self.read(f"{n}.nii.gz") for n in ("fixed", "moving", "pair_warped"))
        # Where the moved image has values: near the border it comes from outside.
        inside = (slice(3, -3),) * 3
        self.assertLess(np.linalg.norm((warped - fixed)[inside]), 0.2 * np.linalg.norm((moving - fixed)[inside]))
        self.assertEqual(self.read("pair_displacement.nii.gz").shape, fixed.shape + (3,))

    def test_batch(self):
        mask = phantoms.image(np.ones(phantoms.blobs().shape, np.uint8))
        itk.imwrite(mask, str(self.folder / "mask.nii.gz"))
        start = itk.TranslationTransform[itk.D, 3].New()
        start.SetOffset(phantoms.SHIFT.tolist())
        itk.transformwrite([start], str(self.folder / "start.tfm"))
        with open(self.folder / "pairs.csv", "w", encoding="utf-8") as table:
            table.write("fixed,moving,output,fixed_mask,initial_transform,beta\n"
                        "fixed.nii.gz,moving.nii.gz,out/plain,,,\n"
                        "absent.nii.gz,moving.nii.gz,out/absent,,,\n"
                        "fixed.nii.gz,moving.nii.gz,out/started,mask.nii.gz,start.tfm,0.01\n")
        run = self.call("batch.py", "pairs.csv", "results.csv")
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)  # one of three failed
        with open(self.folder / "results.csv", newline="", encoding="utf-8") as stream:
            rows = {row["output"]: row for row in csv.DictReader(stream)}
        self.assertEqual(list(rows), ["out/plain", "out/absent", "out/started"])
        self.assertIn("absent.nii.gz", rows["out/absent"]["error"])
        self.assertLess(float(rows["out/plain"]["mismatch"]), 0.3)
        self.assertEqual(int(rows["out/plain"]["folded_voxels"]), 0)
        plain, started = (np.abs(self.read(f"out/{n}_displacement.nii.gz")).max() for n in ("plain", "started"))
        self.assertLess(started, 0.5 * plain)  # the initial transform is the whole shift
        self.assertFalse((self.folder / "out" / "absent_warped.nii.gz").exists())

    def test_batch_without_a_column(self):
        (self.folder / "pairs.csv").write_text("fixed,output\na,b\n")
        run = self.call("batch.py", "pairs.csv", "results.csv")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("no column moving", run.stderr)

    def test_distributed(self):
        if importlib.util.find_spec("mpi4py") is None or shutil.which("mpirun") is None:
            self.skipTest("no mpi4py or no mpirun (Debian: python3-mpi4py, openmpi-bin)")
        env = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1"}
        fields = {}
        for processes in (1, 3):
            run = subprocess.run(["mpirun", "-np", str(processes), sys.executable, "-B", str(EXAMPLES / "distributed.py"),
                                  "fixed.nii.gz", "moving.nii.gz", f"by{processes}"], cwd=self.folder, text=True, env=env,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(run.stdout.count(f"by {processes} processes"), 1)
            fields[processes] = self.read(f"by{processes}_displacement.nii.gz")
        self.assertGreater(np.abs(fields[1]).max(), 0.5)
        self.assertLess(np.abs(fields[1] - fields[3]).max(), 1e-3)


if __name__ == "__main__":
    unittest.main()
