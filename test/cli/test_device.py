#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where gnr-register computes: the CPU, a GPU, and what it says where there is none. Besides the variables of support.py:

    GNR_CUDA   OFF, ON or EMULATED: what the plugin beside the program, or in GNR_PLUGIN_PATH, was built for
"""
import json
import math
import os
import re
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
        self.assertIn("(no plugin for GPUs is installed)", result.stdout)
        self.assertIn("CPU", self.machine()["device"])
        self.assertEqual(self.machine()["deviceReason"], "no plugin for GPUs is installed")

    def test_with_a_plugin_that_is_none(self):
        (self.folder / "gnr-cuda.so").write_text("no library")
        self.refused(self.on("cuda", plugins=self.folder), "cannot be opened", "install")
        self.succeed(self.on("auto", plugins=self.folder))
        self.assertIn("cannot be opened", self.machine()["deviceReason"])

    def plan(self, device, plugins=None):
        """What --dry-run prints, with exit code 0 and without writing anything."""
        environment = dict(os.environ)
        if plugins is not None:
            environment["GNR_PLUGIN_PATH"] = str(plugins)
        before = self.files()
        command = [support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "--device", device, "--dry-run"]
        text = self.succeed(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                           cwd=self.folder, env=environment)).stdout
        self.assertEqual(self.files(), before)
        return text

    def test_the_plan_for_a_gpu_that_is_not_here(self):
        """Jobs for a GPU are written on machines without one."""
        amount = lambda text, what: float(re.search(r"^  %s +(\d+\.\d) MB" % what, text, re.M).group(1))
        cpu = self.plan("cpu", plugins=self.folder)
        self.assertNotIn("GPU", cpu)
        auto = self.plan("auto", plugins=self.folder)
        self.assertIn("computed on  CPU", auto)
        self.assertIn("(no plugin for GPUs is installed)", auto)
        self.assertNotIn("memory of the GPU", auto)
        gpu = self.plan("cuda", plugins=self.folder)
        self.assertIn("computed on  a GPU that is not here", gpu)
        self.assertIn("(no plugin for GPUs is installed)", gpu)
        self.assertIn("--device cuda is refused on this machine", gpu)
        # The same fields but for copies with halos, in other memory: beside them two pieces as large as the spectra of
        # the components of a padded vector field.
        fields = amount(gpu, "reserved at once")
        self.assertLess(fields, amount(cpu, "reserved at once"))
        size = [int(n) for n in re.search(r"solver +(\d+) x (\d+) x (\d+)", gpu).groups()]
        pieces = 2 * 3 * 8 * (size[0] // 2 + 1) * size[1] * size[2] / 2 ** 20
        self.assertAlmostEqual(amount(gpu, "fields and work areas"), fields + pieces, delta=0.11)
        # The host has the images and what copies go through, 8 MiB and 64 KiB.
        images = amount(cpu, "during the solve") - amount(cpu, "reserved at once")
        self.assertAlmostEqual(amount(gpu, "during the solve"), images + 8 + 1 / 16, delta=0.16)

    @unittest.skipUnless(CUDA == "EMULATED", "no plugin for the emulated device was built")
    def test_the_plan_for_a_gpu_that_is_here(self):
        text = self.plan("cuda")
        self.assertIn("computed on  CUDA (emulated device", text)
        self.assertIn("memory of the GPU", text)
        self.assertNotIn("refused", text)

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
    def test_library_and_programs_need_neither_cuda_nor_mpi(self):
        """Not gnr-view: VTK, as distributions build it, may need MPI."""
        program = support.program("GNR_REGISTER")
        files = [program, support.program("GNR_APPLY"), support.program("GNR_SLICER")]
        # The library of the filter and the core, where it is one of its own; ldd follows it from the programs, too.
        files += re.findall(r"libitkGaussNewtonRegistration\S* => (/\S+)", self.call("ldd", program).stdout)
        worker = os.path.join(os.path.dirname(program), "gnr-worker")
        files += [worker] if os.path.exists(worker) else []
        for file in files:
            needed = self.call("ldd", file).stdout
            self.assertIn("libc.so", needed, file)
            for library in ("cudart", "cufft", "libcuda", "libmpi", "libpmi"):
                self.assertNotIn(library, needed, file)


if __name__ == "__main__":
    support.main()
