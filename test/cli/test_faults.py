#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register --processes N with MPI: the files of mpirun -np N, and an end by itself, with one message and the right
exit code, whatever happens to one process. (ctest: skip code 77)"""
import math
import os
import signal
import subprocess
import threading
import time
import unittest

import nifti
import support

SIZE = (40, 36, 44)
LIMIT = 240  # seconds for anything
SOON = 30    # seconds for the end after a fault, on a busy machine
ENDLESS = ("--beta", "1e-7", "--gradient-tolerance", "1e-9", "--objective-tolerance", "0", "--iterations", "100000")


class Faults(support.CommandLineTest):
    @classmethod
    def setUpClass(cls):
        if not os.environ.get("GNR_MPIEXEC"):
            raise unittest.SkipTest("built without MPI, or no mpirun")

    def setUp(self):
        super().setUp()
        for name, shift in (("fixed.nii", 0.0), ("moving.nii", 0.5)):
            values = [math.sin(0.3 * x + shift) * math.sin(0.25 * y) * math.sin(0.35 * z + shift)
                      for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]
            nifti.write(self.folder / name, SIZE, values, "f")

    def start(self, processes, *options):
        command = [support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "new/pair", "--device", "cpu",
                   "--processes", processes, *options]
        run = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               cwd=self.folder, stdin=subprocess.DEVNULL)
        timer = threading.Timer(LIMIT, run.terminate)
        timer.start()
        self.addCleanup(timer.cancel)
        return run

    def processes(self):
        """{rank: number} of the processes that work in this test's folder."""
        result = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/cwd") != os.path.realpath(self.folder):
                    continue
                with open(f"/proc/{pid}/environ", encoding="utf-8", errors="replace") as stream:
                    variables = dict(v.split("=", 1) for v in stream.read().split("\0") if "=" in v)
            except OSError:
                continue
            rank = variables.get("OMPI_COMM_WORLD_RANK", variables.get("PMI_RANK"))
            result[int(rank) if rank is not None else -int(pid)] = int(pid)
        return result

    def check_end(self, run, code, *words):
        start = time.monotonic()
        output, error = run.communicate()
        self.assertEqual(run.returncode, code, output + error)
        self.assertLess(time.monotonic() - start, SOON)
        if words:
            self.assertEqual(len(error.splitlines()), 1, error)
            self.assertTrue(error.startswith("gnr-register: error: "), error)
        else:
            self.assertEqual(error, "")
        for word in words:
            self.assertIn(word, error)
        for _ in range(50):
            if not self.processes():
                break
            time.sleep(0.1)
        self.assertEqual(self.processes(), {}, "processes are left")
        self.assertEqual(self.files(), ["fixed.nii", "moving.nii"])

    def wait_for(self, run, beginning):
        for line in run.stdout:
            if line.strip().startswith(beginning):
                return
        self.fail(f"no line begins with {beginning}: {run.communicate()[1]}")

    def test_the_files_of_mpirun(self):
        options = ("--threads", "1", "--inverse")
        run = self.start(2, *options)
        output, error = run.communicate()
        self.assertEqual((run.returncode, error), (0, ""), output)
        env = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1"}
        subprocess.run([os.environ["GNR_MPIEXEC"], "-np", "2", support.program("GNR_REGISTER"), "fixed.nii", "moving.nii",
                        "-o", "other/pair", "--device", "cpu", *options], check=True, env=env, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=LIMIT)
        names = sorted(p.name for p in (self.folder / "new").iterdir())
        self.assertEqual(names, sorted(p.name for p in (self.folder / "other").iterdir()))
        self.assertIn("pair_inverse_displacement.nii.gz", names)
        for name in names:
            if name.endswith(".nii.gz"):
                a, b = (nifti.read(self.folder / folder / name) for folder in ("new", "other"))
                self.assertEqual(a.components, b.components, name)

    def test_a_process_is_killed(self):
        """While it begins, and in mid-solve."""
        for beginning, victim in (("fixed", 1), ("1     1", 1), ("1     1", 2)):
            run = self.start(3, *ENDLESS, "--levels", "1")
            self.wait_for(run, beginning)
            os.kill(self.processes()[victim], signal.SIGKILL)
            self.check_end(run, 3, "illed")  # the launcher's word, or that of the others

    def test_the_one_that_prints_is_killed(self):
        run = self.start(2, *ENDLESS, "--levels", "1")
        self.wait_for(run, "1     1")
        os.kill(self.processes()[0], signal.SIGKILL)
        output, error = run.communicate()
        self.assertEqual(run.returncode, 3, output + error)
        self.assertIn("Killed", error)
        self.assertEqual(len(error.splitlines()), 1, error)

    def test_an_interrupt_in_mid_solve(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.start(2, *ENDLESS, "--levels", "1")
            self.wait_for(run, "1     1")
            run.send_signal(number)
            self.check_end(run, 128 + number)

    def test_a_truncated_file(self):
        path = self.folder / "moving.nii"
        path.write_bytes(path.read_bytes()[:-5000])
        self.check_end(self.start(3), 2, "moving.nii")


if __name__ == "__main__":
    support.main()
