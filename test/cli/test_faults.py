#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register --processes N with MPI: the files of mpirun -np N, and an end by itself, with one message and the right
exit code, whatever happens to one process. (ctest: skip code 77)"""
import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

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
        nifti.write_wave_pair(self.folder, SIZE, (0.3, 0.25, 0.35), 0.5)

    def start(self, processes, *options, **environment):
        command = [support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "new/pair", "--device", "cpu",
                   "--processes", processes, *options]
        run = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               cwd=self.folder, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
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

    def check_end(self, run, code, *words, within=SOON):
        start = time.monotonic()
        output, error = run.communicate()
        self.assertEqual(run.returncode, code, output + error)
        self.assertLess(time.monotonic() - start, within)
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
        other = self.mpirun(2, support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "other/pair", "--device", "cpu",
                            *options)
        self.assertEqual(other.returncode, 0, other.stderr)
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

    def test_a_process_that_is_stopped(self):
        """It is named, and ended with the others; also the one that prints."""
        for victim in (1, 0):
            run = self.start(3, *ENDLESS, "--levels", "1", GNR_SILENCE_LIMIT="3")
            self.wait_for(run, "1  grid")
            os.kill(self.processes()[victim], signal.SIGSTOP)
            self.check_end(run, 3, f"process {victim} of 3 ", "has not been heard of for 3 s", within=LIMIT)

    def test_a_run_that_is_suspended_as_a_whole(self):
        """Whoever was stopped together with all others does not complain of them."""
        run = self.start(3, *ENDLESS, "--levels", "1", GNR_SILENCE_LIMIT="3")
        self.wait_for(run, "1  grid")
        ranks = [pid for rank, pid in self.processes().items() if rank >= 0]
        self.assertEqual(len(ranks), 3)
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for pid in ranks:
                os.kill(pid, number)
            time.sleep(5)  # longer than the limit, stopped and then at work again
        self.assertIsNone(run.poll())
        run.send_signal(signal.SIGINT)
        self.check_end(run, 130)

    def test_the_one_that_prints_is_killed(self):
        run = self.start(2, *ENDLESS, "--levels", "1")
        self.wait_for(run, "1     1")
        os.kill(self.processes()[0], signal.SIGKILL)
        output, error = run.communicate()
        self.assertEqual(run.returncode, 3, output + error)
        self.assertIn("illed", error)  # likewise
        self.assertEqual(len(error.splitlines()), 1, error)
        self.assertEqual(self.files(), ["fixed.nii", "moving.nii"])  # nor the folder that it had made

    def test_what_killed_runs_leave(self):
        """Shared memory and files of the MPI library, and what lies beside the results: the next run removes them, but not
        those of a run that lives."""
        if not re.search("Open MPI|OpenRTE", subprocess.run([os.environ["GNR_MPIEXEC"], "--version"], stdout=subprocess.PIPE,
                                                            text=True).stdout):
            self.skipTest("MPICH leaves nothing of this kind")
        short = Path(tempfile.mkdtemp(prefix="g", dir="/tmp"))  # a long TMPDIR is left to the library
        self.addCleanup(shutil.rmtree, short, ignore_errors=True)

        def left(pid):
            return sorted(p.parents[1].name for folder in ("/dev/shm", short) for p in Path(folder).glob(f"gnr-mpi-{pid}-*/lock"))

        run = self.start(3, *ENDLESS, "--levels", "1", TMPDIR=str(short))
        self.wait_for(run, "1  grid")
        self.assertEqual(left(run.pid), sorted(["shm", short.name]))
        for pid in [run.pid, *self.processes().values()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.communicate()
        self.assertEqual(left(run.pid), sorted(["shm", short.name]))
        self.assertTrue([name for name in self.files() if ".gnr-" in name])
        alive = Path(tempfile.mkdtemp(prefix="gnr-mpi-1-", dir=short))
        with open(alive / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            following = self.start(2, "--iterations", 0, TMPDIR=str(short))
            _, error = following.communicate()
            self.assertEqual((following.returncode, error), (0, ""))
            self.assertEqual(left(run.pid) + left(following.pid), [])
            self.assertEqual(os.listdir(short), [alive.name])
        self.assertFalse([name for name in self.files() if ".gnr-" in name])

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


class FaultsInEveryPhase(support.CommandLineTest):
    """One process throws in a call of its communicator; which one, a plugin in the place of gnr-mpi is told."""

    PURPOSES = ("halo", "transpose", "reduction", "images")  # of gnr::Purpose
    CODES = (2, 3, 4)  # of gnr::ErrorKind
    AFTER = 2  # reductions after the files are in place: did all succeed, and the parting
    PROCESSES = 3

    @classmethod
    def setUpClass(cls):
        if not os.environ.get("GNR_FAULTS"):
            raise unittest.SkipTest("built without MPI, or no mpirun")

    def setUp(self):
        super().setUp()
        size = (20, 16, 18)
        nifti.write_wave_pair(self.folder, size, (0.5, 0.4, 0.6), 0.5)

    def run_with(self, options, **environment):
        return self.mpirun(self.PROCESSES, support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "new/pair",
                           "--device", "cpu", "--threads", 1, "--levels", 1, "--iterations", 1, *options, limit=LIMIT,
                           environment={"GNR_PLUGIN_PATH": os.environ["GNR_FAULTS"], **environment})

    def count_calls(self, options):
        """{purpose: how often each process calls for it in a run without faults}"""
        counts = self.folder / "counts"
        counts.mkdir()
        run = self.run_with(options, GNR_TEST_FAULT_COUNTS=str(counts))
        self.assertEqual(run.returncode, 0, run.stderr)
        numbers = [list(map(int, (counts / str(rank)).read_text().split())) for rank in range(self.PROCESSES)]
        shutil.rmtree(counts)
        shutil.rmtree(self.folder / "new")
        return dict(zip(self.PURPOSES, zip(*numbers)))

    def fail_in(self, options, rank, purpose, call, kind):
        """The error of that process ends all, once and soon, with its exit code."""
        with self.subTest(options=options, rank=rank, purpose=purpose, call=call):
            run = self.run_with(options, GNR_TEST_FAULT=f"{rank}:{self.PURPOSES.index(purpose)}:{call}:{kind}")
            self.assertEqual(run.returncode, self.CODES[kind], run.stdout + run.stderr)
            said = [line for line in run.stderr.splitlines() if "gnr-register" in line and "error" in line]
            self.assertEqual(len(said), 1, run.stderr)
            self.assertEqual(run.stderr.count("a fault that a test has ordered"), 1, run.stderr)
            self.assertIn("a fault that a test has ordered", said[0])
            if rank != 0:
                self.assertIn(f"process {rank} of {self.PROCESSES}", said[0])
            self.assertLess(run.seconds, SOON)

    def test_an_error_in_any_phase(self):
        calls = self.count_calls(())
        kind = 0
        for purpose in self.PURPOSES:
            for rank in (0, self.PROCESSES - 1):
                last = calls[purpose][rank] - (self.AFTER if purpose == "reduction" else 0)
                self.assertGreater(last, 2, purpose)
                for call in (1, last // 2, last):
                    kind = (kind + 1) % len(self.CODES)
                    self.fail_in((), rank, purpose, call, kind)
                    self.assertEqual(self.files(), ["fixed.nii", "moving.nii"])

    def test_an_error_while_each_process_writes_its_part(self):
        options = ("--streamed-input", "--streamed-output")
        whole = self.count_calls(options)["reduction"]
        for rank, back in ((0, 4), (1, 5), (2, 6)):
            self.fail_in(options, rank, "reduction", whole[rank] - self.AFTER - back, rank)
            self.assertEqual(self.files(), ["fixed.nii", "moving.nii"])

    def test_an_error_after_the_files_are_in_place(self):
        """The run has failed for somebody, and says so; what is there is complete."""
        last = self.count_calls(())["reduction"][1] - self.AFTER + 1
        self.fail_in((), 1, "reduction", last, 1)
        self.assertEqual(self.files(), ["fixed.nii", "moving.nii", "new"] + [
            f"new/pair_{name}" for name in ("displacement.nii.gz", "report.json", "warped.nii.gz")])
        for name in ("displacement", "warped"):
            nifti.read(self.folder / "new" / f"pair_{name}.nii.gz")


if __name__ == "__main__":
    support.main()
