#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/slurm/register-requeue.sh under a stand-in for Slurm, which warns, ends, kills and starts it again until it has
come to its end. (ctest: skip code 77)"""
import os
import shutil
import signal
import subprocess
from pathlib import Path

import nifti
import support

SIZE = (28, 24, 26)
OPTIONS = ("--beta", "1e-4", "--gradient-tolerance", "1e-4", "--objective-tolerance", "1e-6", "--levels", "2", "--iterations", "6",
           "--device", "cpu", "--checkpoint-interval", "0")
SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "slurm" / "register-requeue.sh"
PROGRAMS = {
    "srun": '#!/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\nexec "$@"\n',
    "scontrol": '#!/bin/bash\n[ "$*" = "requeue 17" ] && touch "$STAND_IN/requeued"\n',
}


class Job:
    """One run of a batch script: in a session of its own, as all processes of a job are in one container."""

    def __init__(self, folder, *arguments):
        self.requeued = folder / "requeued"
        self.requeued.unlink(missing_ok=True)
        environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "STAND_IN": str(folder),
                       "SLURM_JOB_ID": "17", "SLURM_CPUS_PER_TASK": "1"}
        self.run = subprocess.Popen(["bash", str(SCRIPT), *arguments], cwd=folder, env=environment, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    start_new_session=True)
        self.output = ""

    def wait_for(self, is_it):
        """False if the job has ended before."""
        for line in self.run.stdout:
            self.output += line
            if is_it(line):
                return True
        return False

    def tasks(self):
        """The processes of the job but for the batch script."""
        pids = []
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                if os.getsid(pid) == self.run.pid and pid != self.run.pid:
                    pids.append(pid)
            except ProcessLookupError:
                pass
        return pids

    def send(self, number, *, to_script):
        for pid in self.tasks() + ([self.run.pid] if to_script else []):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def end(self):
        """Its exit code, and whether it is to be started again."""
        output, self.error = self.run.communicate()
        self.output += output
        return self.run.returncode, self.requeued.exists()


class Requeue(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        nifti.write_wave_pair(self.folder, SIZE, (0.4, 0.35, 0.5), 0.8)
        (self.folder / "bin").mkdir()
        for name, text in PROGRAMS.items():
            (self.folder / "bin" / name).write_text(text)
            (self.folder / "bin" / name).chmod(0o755)
        (self.folder / "bin" / "gnr-register").symlink_to(support.program("GNR_REGISTER"))

    def start(self):
        return Job(self.folder, "fixed.nii", "moving.nii", "out/pair", *OPTIONS)

    @staticmethod
    def is_step(line):
        return len(line.split()) == 8 and line.split()[0].isdigit()

    def displacement(self):
        return (self.folder / "out" / "pair_displacement.mha").read_bytes()

    def test_until_it_is_done(self):
        job = self.start()
        self.assertEqual(job.end(), (0, False), job.error)
        expected = self.displacement()
        shutil.rmtree(self.folder / "out")

        ways = []  # in which the runs have ended
        for turn in range(40):
            job = self.start()
            if not job.wait_for(self.is_step) or turn >= 30:
                self.assertEqual(job.end(), (0, False), job.error)
                break
            if turn > 0:
                self.assertIn("goes on from the checkpoint out/pair_checkpoint.gnr", job.output)
            way = ("time", "node")[turn % 2]
            if way == "time":  # a warning, then the end of the time
                job.send(signal.SIGUSR1, to_script=False)
                job.wait_for(lambda line: "pair_checkpoint.gnr was written" in line)
                job.send(signal.SIGTERM, to_script=True)
                code, is_requeued = job.end()
                if code == 0:  # it was faster
                    break
                self.assertEqual((code, is_requeued, job.error), (75, True, ""))
            else:  # Slurm starts the job again by itself
                job.send(signal.SIGKILL, to_script=True)
                job.end()
            ways.append(way)
        self.assertGreater(len(ways), 1, "it was never ended")
        self.assertEqual(self.displacement(), expected)
        self.assertEqual([name for name in self.files() if "checkpoint" in name], [])

    def test_an_error_is_not_tried_again(self):
        (self.folder / "fixed.nii").write_bytes(b"no image")
        job = self.start()
        self.assertEqual(job.end(), (2, False), job.error)


if __name__ == "__main__":
    support.main()
