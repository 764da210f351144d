#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run that is stopped from outside leaves nothing half-written. (ctest: skip code 77)"""
import contextlib
import os
import signal
import stat
import subprocess
import time

import nifti
import support

SIZE = (56, 52, 48)
OUTPUTS = {f"new/pair_{n}" for n in ("displacement.nii.gz", "inverse_displacement.nii.gz", "velocity.nii.gz",
                                     "warped.nii.gz", "determinant.nii.gz", "report.json")}


class Interrupt(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        nifti.write_wave_pair(self.folder, SIZE, (0.3, 0.25, 0.35), 0.5)

    def start(self, *options):
        """A run that would go on for long."""
        return subprocess.Popen([support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "new/pair", *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)

    def results(self):
        return {name for name in self.files() if name.startswith("new/")}

    def test_during_the_solve(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.start("--beta", "1e-7", "--gradient-tolerance", "1e-9", "--objective-tolerance", "0")
            for line in run.stdout:
                if line.startswith("options"):  # the images are known; reading and solving follow
                    break
            time.sleep(0.2)
            run.send_signal(number)
            _, error = run.communicate()
            self.assertEqual(run.returncode, 128 + number, error)
            self.assertEqual(self.files(), ["fixed.nii", "moving.nii"])

    def test_during_the_writing(self):
        """All files or none, whenever the signal arrives."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGUSR1, signal.SIGKILL):
            run = self.start("--iterations", "0", "--inverse", "--velocity", "--determinant")
            while run.poll() is None and not any(".gnr-" in name and name.endswith(".nii") for name in self.results()):
                time.sleep(0.001)
            for name in self.results():
                if os.path.basename(name).startswith(".gnr-") and not name.endswith("gnr-lock-pair"):
                    with contextlib.suppress(FileNotFoundError):  # it may be over
                        self.assertEqual(stat.S_IMODE(os.stat(self.folder / name).st_mode), 0o700)
            run.send_signal(number)
            run.communicate()
            final = {name for name in self.results() if "/." not in name}
            if run.returncode == 0:
                self.assertEqual(final, OUTPUTS)
            else:
                self.assertIn(run.returncode, (128 + number, -number))
                self.assertIn(final, (set(), OUTPUTS))
                if number != signal.SIGKILL and not final:
                    self.assertEqual(self.files(), ["fixed.nii", "moving.nii"])
            subprocess.run(["rm", "-rf", str(self.folder / "new")], check=True)

    def test_two_runs_that_write_the_same_files(self):
        """The second is refused at its start; another name is free, and so is this one when the first has gone, also by
        SIGKILL, whose lock the next run beside it removes."""
        endless = ("--beta", "1e-7", "--gradient-tolerance", "1e-9", "--objective-tolerance", "0", "--iterations", "100000")
        for held, tried in (((), ("--output", "new/../new/pair")),
                            (("--checkpoint", "new/c"), ("--output", "new/d", "--checkpoint", "new/c"))):
            first = self.start(*held, *endless)
            for line in first.stdout:
                if line.startswith("options"):
                    break
            before = self.files()
            second = self.register("fixed.nii", "moving.nii", *tried)
            self.assertEqual(second.returncode, 2, second.stdout + second.stderr)
            self.assertRegex(second.stderr, rf"\Agnr-register: error: {tried[-1]}: another run \(process {first.pid} on \S+\) "
                                            rf"is writing files of this name\. Wait .*, or choose another {tried[-2]}\n\Z")
            self.assertEqual(second.stdout, "")
            self.assertEqual(self.files(), before)
            self.succeed(self.register("fixed.nii", "moving.nii", "-o", "new/other", "--iterations", 0, "--quiet"))
            first.kill()
            first.communicate()
            self.assertTrue(any("gnr-lock" in name for name in self.files()), "there was no lock")
            self.succeed(self.register("fixed.nii", "moving.nii", "-o", "new/other", "--iterations", 0, "--quiet"))
            self.assertEqual([name for name in self.files() if "/." in name], [])
            self.succeed(self.register("fixed.nii", "moving.nii", *tried, "--iterations", 0, "--quiet"))
            subprocess.run(["rm", "-rf", str(self.folder / "new")], check=True)

    def test_old_results_survive_a_failed_run(self):
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "old", "--iterations", 0))
        before = {p.name: p.read_bytes() for p in self.folder.iterdir()}
        nifti.write(self.folder / "flat.nii", SIZE, [1.0] * (SIZE[0] * SIZE[1] * SIZE[2]), "f")
        self.assertEqual(self.register("fixed.nii", "flat.nii", "-o", "old").returncode, 2)
        (self.folder / "flat.nii").unlink()
        self.assertEqual({p.name: p.read_bytes() for p in self.folder.iterdir()}, before)


if __name__ == "__main__":
    support.main()
