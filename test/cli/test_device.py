#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where gnr-register computes: the CPU, a GPU, and what it says where there is none. Besides the variables of support.py:

    GNR_CUDA   OFF, ON or EMULATED: what the plugin beside the program, or in GNR_PLUGIN_PATH, was built for
"""
import json
import math
import os
import shutil
import subprocess
import unittest

import nifti
import support

CUDA = os.environ.get("GNR_CUDA", "OFF")
SIZE = (20, 18, 16)


class Device(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        for name, shift in (("fixed.nii", 0.0), ("moving.nii", 0.5)):
            values = [math.exp(-((x - 10 - shift) ** 2 + (y - 9) ** 2 + (z - 8) ** 2) / 18)
                      for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]
            nifti.write(self.folder / name, SIZE, values, "f")

    def on(self, device, plugins=None):
        environment = dict(os.environ)
        if plugins is not None:
            environment["GNR_PLUGIN_PATH"] = str(plugins)
        command = [support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "out/pair", "--device", device,
                   "--iterations", "1"]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
                              env=environment)

    def machine(self):
        return json.loads((self.folder / "out" / "pair_report.json").read_text())["machine"]

    def refused(self, result, *words):
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, "one sentence: " + result.stderr)
        for word in ("device cuda", "--device cpu") + words:
            self.assertIn(word, result.stderr)
        self.assertNotIn("out/pair_report.json", self.files())

    def test_the_cpu(self):
        result = self.succeed(self.on("cpu"))
        self.assertNotIn("no GPU", result.stdout)
        self.assertIn("CPU", self.machine()["device"])

    def test_without_a_plugin(self):
        self.refused(self.on("cuda", plugins=self.folder), str(self.folder / "gnr-cuda.so"), "does not exist", "install")
        result = self.succeed(self.on("auto", plugins=self.folder))
        self.assertIn("(no GPU is used: the plugin", result.stdout)
        self.assertIn("CPU", self.machine()["device"])
        self.assertIn("does not exist", self.machine()["deviceReason"])

    def test_with_a_plugin_that_is_none(self):
        (self.folder / "gnr-cuda.so").write_text("no library")
        self.refused(self.on("cuda", plugins=self.folder), "cannot be opened", "install")
        self.succeed(self.on("auto", plugins=self.folder))
        self.assertIn("cannot be opened", self.machine()["deviceReason"])

    @unittest.skipUnless(CUDA == "ON", "no plugin for GPUs was built")
    def test_the_plugin_for_gpus(self):
        result = self.on("cuda")
        if result.returncode == 0:
            self.assertIn("CUDA (", self.machine()["device"])
            return
        self.refused(result, "NVIDIA driver")
        result = self.succeed(self.on("auto"))
        self.assertIn("NVIDIA driver", self.machine()["deviceReason"])
        self.assertIn("(no GPU is used:", result.stdout)

    @unittest.skipUnless(CUDA == "EMULATED", "no plugin for the emulated device was built")
    def test_the_emulated_plugin(self):
        self.succeed(self.on("cuda"))
        self.assertIn("CUDA (emulated device", self.machine()["device"])

    @unittest.skipUnless(shutil.which("ldd"), "no ldd")
    def test_the_program_needs_neither_cuda_nor_mpi(self):
        needed = self.call("ldd", support.program("GNR_REGISTER")).stdout
        self.assertIn("libc.so", needed)
        for library in ("cudart", "cufft", "libcuda", "libmpi"):
            self.assertNotIn(library, needed)


if __name__ == "__main__":
    support.main()
