#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs where the system gives little memory or few threads: exit code 3 with one sentence, or success; never a
signal, and nothing is left. (ctest: skip code 77)"""
import json
import math
import os
import resource
import subprocess

import nifti
import support

SIZE = (32, 32, 32)


class Limits(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        for name, shift in (("f.nii", 0.0), ("m.nii.gz", 0.6)):
            nifti.write(self.folder / name, SIZE, [100 + 80 * math.sin(0.3 * x + shift) * math.cos(0.25 * y) *
                                                   math.sin(0.2 * z) for z in range(SIZE[2]) for y in range(SIZE[1])
                                                   for x in range(SIZE[0])], "f")
        self.seen = set()

    def limited(self, megabytes, *command, **environment):
        def limit():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if megabytes:
                resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

        return subprocess.run([str(c) for c in command], preexec_fn=limit, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})

    def judge(self, run, what, before):
        """True if it succeeded."""
        if run.returncode == 127 and "error while loading shared libraries" in run.stderr:
            return False  # the program did not begin
        self.seen.add(run.returncode)
        self.assertIn(run.returncode, (0, 3), f"{what}: {run.stdout}{run.stderr}")
        if run.returncode == 0:
            self.assertEqual(run.stderr, "", what)
            return True
        self.assertRegex(run.stderr, r"\A[\w-]+: error: [^\n]+\n\Z", what)
        self.assertEqual(self.files(), before, what)
        return False

    def memory(self, *command, step=3, most=600):
        """From what the loader takes on until it has succeeded three times."""
        before = self.files()
        succeeded = 0
        for megabytes in range(40, most, step):
            run = self.limited(megabytes, *command)
            succeeded += self.judge(run, f"{megabytes} MB", before)
            for name in set(self.files()) - set(before):
                (self.folder / name).unlink()
            if succeeded == 3:
                break
        self.assertEqual(succeeded, 3)
        self.assertEqual(self.seen, {0, 3})

    def solve(self, threads, *more):
        return (support.program("GNR_REGISTER"), "f.nii", "m.nii.gz", "-o", "pair", "--iterations", 1, "--threads", threads,
                "--quiet", *more)

    def test_memory_of_a_registration(self):
        self.memory(*self.solve(1))

    def test_memory_of_a_registration_with_several_threads(self):
        self.memory(*self.solve(4, "--inverse", "--determinant", "--composite"))

    def test_memory_of_an_alignment(self):
        self.memory(*self.solve(2, "--initial-transform", "rigid"), step=6)

    def test_memory_of_a_warp(self):
        nifti.write(self.folder / "u.nii", SIZE, [[0.5] * math.prod(SIZE)] * 3, "f")
        self.memory(support.program("GNR_APPLY"), "-t", "u.nii", "-i", "m.nii.gz", "-o", "w.nii.gz", "--interpolation", "cubic",
                    "--quiet")

    def test_memory_of_a_picture(self):
        self.succeed(self.register(*self.solve(1)[1:]))
        if not os.environ.get("GNR_VIEW"):
            self.skipTest("gnr-view was not built: no VTK")
        self.memory(support.program("GNR_VIEW"), "pair", "--quiet", step=7, most=1500)

    def test_few_threads(self):
        shim = os.environ.get("GNR_THREAD_SHIM")
        if not shim:
            self.skipTest("the library that limits threads was not built")
        nifti.write(self.folder / "u.nii", SIZE, [[0.5] * math.prod(SIZE)] * 3, "f")
        warp = (support.program("GNR_APPLY"), "-t", "u.nii", "-i", "m.nii.gz", "-o", "w.nii.gz", "--threads", 3, "--quiet")
        before = self.files()
        for command in (self.solve(3, "--inverse"), self.solve(2, "--initial-transform", "rigid"), warp):
            self.seen.clear()
            for limit in range(12):
                run = self.limited(None, *command, LD_PRELOAD=shim, GNR_THREAD_LIMIT=str(limit),
                                   ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS="3")
                self.judge(run, f"{limit} threads: {command}", before)
                for name in set(self.files()) - set(before):
                    (self.folder / name).unlink()
            self.assertEqual(self.seen, {0, 3})

    def test_one_thread_too_few(self):
        """The report tells how many threads there were; so many are needed, and one less is too few."""
        shim = os.environ.get("GNR_THREAD_SHIM")
        if not shim:
            self.skipTest("the library that limits threads was not built")
        for limit, code in ((3 + 3, 0), (3 + 2, 3)):  # three of ITK, and those of OpenMP beside the first
            run = self.limited(None, *self.solve(4), LD_PRELOAD=shim, GNR_THREAD_LIMIT=str(limit),
                               ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS="3")
            self.assertEqual(run.returncode, code, run.stderr)
        self.assertIn("gives no 4 threads; use fewer (--threads)", run.stderr)
        report = json.loads((self.folder / "pair_report.json").read_text())
        self.assertEqual(report["machine"]["threads"], 4)


if __name__ == "__main__":
    support.main()
