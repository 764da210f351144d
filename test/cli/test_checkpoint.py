#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register --checkpoint: a run that is ended, by whatever, goes on where it was. No test waits for a time: it waits for
what the program says, and where a signal comes too late, on a busy machine, tries again. (ctest: skip code 77)"""
import gzip
import json
import math
import os
import random
import signal
import subprocess
import unittest

import nifti
import support

SIZE = (28, 24, 26)
TRIALS = 10
MANY_STEPS = ("--threads", "1", "--beta", "1e-4", "--gradient-tolerance", "1e-4", "--objective-tolerance", "1e-6", "--levels", "2",
              "--iterations", "6", "--device", "cpu")
EVERY_STEP = ("--checkpoint", "ck/pair", "--checkpoint-interval", "0")
ON_REQUEST = ("--checkpoint", "ck/pair", "--checkpoint-interval", "1e9")
CHECKPOINTS = ["ck/pair.gnr", "ck/pair.previous.gnr"]


class Checkpoint(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        nifti.write_wave_pair(self.folder, SIZE, (0.4, 0.35, 0.5), 0.8)
        (self.folder / "ck").mkdir()

    def arguments(self, *options, prefix="out/pair"):
        return ["fixed.nii", "moving.nii", "-o", prefix, *MANY_STEPS, *options]

    def start(self, *options, command=()):
        """A run; with it the lines that it prints."""
        run = subprocess.Popen([*command, support.program("GNR_REGISTER"), *map(str, self.arguments(*options))],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
                               stdin=subprocess.DEVNULL, env={**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                                                              "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                                                              "OMPI_MCA_rmaps_base_oversubscribe": "1"})
        self.addCleanup(run.kill)
        return run

    @staticmethod
    def is_step(line):
        return len(line.split()) == 8 and line.split()[0].isdigit()

    def wait_for_step(self, run, number):
        for line in run.stdout:
            number -= self.is_step(line)
            if number == 0:
                return
        self.fail(f"it has ended before: {run.communicate()[1]}")

    def voxels(self, prefix="out/pair"):
        return gzip.decompress((self.folder / f"{prefix}_displacement.nii.gz").read_bytes())

    def undisturbed(self):
        result = self.succeed(self.register(*self.arguments(prefix="whole/pair")))
        return self.voxels("whole/pair"), sum(map(self.is_step, result.stdout.splitlines()))

    def checkpoints(self):
        return [name for name in self.files() if name.startswith("ck/")]

    def test_killed_at_random_steps(self):
        expected, steps = self.undisturbed()
        self.assertGreater(steps, 6)
        numbers = random.Random(5)
        for _ in range(3):
            run = self.start(*EVERY_STEP)
            self.wait_for_step(run, numbers.randint(1, steps - 2))
            run.kill()
            run.communicate()
            self.assertEqual(run.returncode, -signal.SIGKILL)
            self.assertIn("ck/pair.gnr", self.checkpoints())
            result = self.succeed(self.register(*self.arguments(*EVERY_STEP)))
            self.assertRegex(result.stdout, r"goes on from the checkpoint ck/pair.gnr: level \d of 2, step \d+, written \d+ seconds ago")
            self.assertEqual(self.voxels(), expected)
            self.assertEqual(self.checkpoints(), [], "they are removed when the results are there")
            report = json.loads((self.folder / "out/pair_report.json").read_text())
            self.assertEqual(sum(len(level["iterations"]) for level in report["levels"]), steps)

    def test_killed_until_it_ends(self):
        expected, _ = self.undisturbed()
        for kills in range(100):
            run = self.start(*EVERY_STEP)
            steps = 0
            for line in run.stdout:
                steps += self.is_step(line)
                if steps == 3:
                    run.kill()
                    break
            run.communicate()
            if run.returncode == 0:
                break
        self.assertGreater(kills, 2)
        self.assertEqual(self.voxels(), expected)

    def test_kept_if_asked_for(self):
        self.succeed(self.register(*self.arguments(*EVERY_STEP, "--keep-checkpoint")))
        self.assertEqual(self.checkpoints(), CHECKPOINTS)
        before = self.voxels()
        result = self.succeed(self.register(*self.arguments(*EVERY_STEP)))
        self.assertIn("goes on from the checkpoint", result.stdout)
        self.assertEqual(self.voxels(), before)

    def test_of_something_else_is_refused(self):
        self.succeed(self.register(*self.arguments(*EVERY_STEP, "--keep-checkpoint")))
        for options, words in ((("--gamma", "3"), "with gamma 8, and this one has 3"),
                               (("--fixed-mask", "fixed.nii"), "without mask of the fixed image")):
            self.refused(self.register(*self.arguments(*EVERY_STEP, *options)), "ck/pair.gnr", words, "delete it", "another name")
        values = [math.sin(0.3 * x) for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]
        nifti.write(self.folder / "moving.nii", SIZE, values, "f")
        self.refused(self.register(*self.arguments(*EVERY_STEP)), "ck/pair.gnr", "another moving image")
        self.assertEqual(self.checkpoints(), CHECKPOINTS)

    def refused(self, result, *words):
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_damaged(self):
        expected, _ = self.undisturbed()
        self.succeed(self.register(*self.arguments(*EVERY_STEP, "--keep-checkpoint")))
        path = self.folder / "ck/pair.gnr"
        path.write_bytes(path.read_bytes()[:-100])
        result = self.succeed(self.register(*self.arguments(*ON_REQUEST, "--keep-checkpoint")))
        self.assertIn("ck/pair.gnr is damaged or was cut short", result.stdout)
        self.assertIn("goes on from the checkpoint ck/pair.previous.gnr", result.stdout)
        self.assertEqual(self.voxels(), expected)
        (self.folder / "ck/pair.previous.gnr").unlink()
        self.refused(self.register(*self.arguments(*EVERY_STEP)), "ck/pair.gnr is damaged or was cut short", "delete it")

    def test_that_cannot_be_written_is_a_warning(self):
        (self.folder / "ck/pair.unfinished.gnr").mkdir()
        result = self.succeed(self.register(*self.arguments(*EVERY_STEP)))
        self.assertIn("ck/pair.gnr cannot be written (File exists)", result.stdout)
        self.assertEqual(self.voxels(), self.undisturbed()[0])

    def test_options_that_need_it(self):
        self.refused(self.register(*self.arguments("--keep-checkpoint")), "--keep-checkpoint: needs --checkpoint")
        self.refused(self.register(*self.arguments("--requeue-exit-code", "75")), "--requeue-exit-code: needs --checkpoint")
        self.refused(self.register(*self.arguments("--checkpoint", "nowhere/pair")), "nowhere/ does not exist; create it")

    def test_saved_on_request(self):
        expected, _ = self.undisturbed()
        for _ in range(TRIALS):
            run = self.start(*ON_REQUEST, "--keep-checkpoint")
            self.wait_for_step(run, 2)
            run.send_signal(signal.SIGUSR1)
            output, error = run.communicate()
            self.assertEqual((run.returncode, error), (0, ""))
            if self.checkpoints():
                break
        self.assertIn("checkpoint: ck/pair.gnr was written", output)
        self.assertEqual(self.checkpoints(), CHECKPOINTS[:1])
        self.assertEqual(self.voxels(), expected)

    def end_and_go_on(self, end, options, code):
        """A run is ended, with a result, and another one goes on."""
        expected, _ = self.undisturbed()
        for _ in range(TRIALS):
            run = self.start(*ON_REQUEST, *options)
            end(run)
            output, error = run.communicate()
            if run.returncode != 0:
                break
        self.assertEqual((run.returncode, error), (code, ""), output)
        self.assertEqual(self.checkpoints(), CHECKPOINTS[:1])
        report = json.loads((self.folder / "out/pair_report.json").read_text())
        self.assertIn(report["result"]["stopReason"], ("stopped-on-request", "time-limit"))
        self.assertNotEqual(self.voxels(), expected, "a result of all steps")
        result = self.succeed(self.register(*self.arguments(*ON_REQUEST)))
        self.assertIn("goes on from the checkpoint", result.stdout)
        return expected

    def test_terminated(self):
        def end(run):
            self.wait_for_step(run, 3)
            run.send_signal(signal.SIGTERM)

        for options, code in (((), 5), (("--requeue-exit-code", "75"), 75)):
            self.assertEqual(self.end_and_go_on(end, options, code), self.voxels())

    def test_time_limit(self):
        expected = self.end_and_go_on(lambda run: None, ("--time-limit", "1e-3", "--requeue-exit-code", "99"), 99)
        self.assertEqual(self.voxels(), expected)

    def test_several_processes(self):
        """Signals reach them all, and one process goes on where several were, and the other way round."""
        if not os.environ.get("GNR_MPIEXEC"):
            raise unittest.SkipTest("built without MPI, or no mpirun")
        self.undisturbed()
        expected = nifti.read(self.folder / "whole/pair_displacement.nii.gz").components

        def largest():
            return max(abs(a - b) for ours, theirs in
                       zip(nifti.read(self.folder / "out/pair_displacement.nii.gz").components, expected)
                       for a, b in zip(ours, theirs))

        mpirun = (os.environ["GNR_MPIEXEC"], "-np", "3")
        for command, options, number in (((), ("--processes", "3"), signal.SIGTERM), (mpirun, (), signal.SIGUSR2)):
            for _ in range(TRIALS):
                run = self.start(*ON_REQUEST, "--requeue-exit-code", "75", *options, command=command)
                self.wait_for_step(run, 1)
                run.send_signal(signal.SIGUSR1)
                is_written = any("ck/pair.gnr was written" in line for line in run.stdout)
                run.send_signal(number)
                output, error = run.communicate()
                if is_written and run.returncode != 0:
                    break
            self.assertEqual(run.returncode, 75, output + error)
            self.assertTrue(command or error == "", error)
            self.assertEqual(self.checkpoints(), CHECKPOINTS)
            result = self.register(*self.arguments(*ON_REQUEST, *(("--processes", 2) if command else ())))
            self.succeed(result)
            self.assertIn("by 3 processes", result.stdout)
            self.assertLess(largest(), 1e-3)  # mm, and voxels of 1 mm


if __name__ == "__main__":
    support.main()
