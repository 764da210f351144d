#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-register --processes: how the launcher is started, watched and ended. Launchers are shell scripts here, so that
every end can be had. (ctest: skip code 77)"""
import os
import signal
import subprocess
import time

import support

NOISE = """--------------------------------------------------------------------------
mpirun noticed that process rank 1 with PID 0 on node x exited on signal 9 (Killed).
--------------------------------------------------------------------------"""


class Processes(support.CommandLineTest):
    def launcher(self, script):
        path = self.folder / "launch"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return path

    def environment(self, **variables):
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(("OMPI_COMM", "PMI", "SLURM", "GNR_MPIEXEC"))}
        env.update({name: str(value) for name, value in variables.items()})
        return env

    def command(self, *options):
        return [support.program("GNR_REGISTER"), "a.nii", "b.nii", "-o", "out/pair", *map(str, options)]

    def run_with(self, script, *options, **variables):
        env = self.environment(GNR_MPIEXEC=self.launcher(script), **variables)
        return subprocess.run(self.command(*(options or ("--processes", 3))), env=env, cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def error(self, result, code, *words):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("gnr-register: error: "), result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_the_launcher_gets_this_program_with_the_same_arguments(self):
        result = self.succeed(self.run_with('for a in "$@"; do echo "<$a>"; done', "--processes", 3, "--beta", "0.5",
                                            "-o", "a folder/pair"))
        program = os.path.realpath(support.program("GNR_REGISTER"))
        self.assertEqual(result.stdout.splitlines(),
                         ["<%s>" % a for a in ("-np", "3", program, "a.nii", "b.nii", "-o", "out/pair", "--processes", "3",
                                               "--beta", "0.5", "-o", "a folder/pair")])

    def test_one_process_needs_no_launcher(self):
        result = self.run_with("echo started", "--processes", 1)
        self.assertNotIn("started", result.stdout)
        self.error(result, 2, "a.nii")

    def test_exit_codes_and_the_one_message(self):
        for code in (2, 3, 4):
            result = self.run_with(f"echo 'gnr-register: error: of the process' >&2; cat >&2 <<END\n{NOISE}\nEND\n"
                                   f"echo 'gnr-register: error: another one' >&2; exit {code}")
            self.error(result, code, "of the process")
        self.assertEqual(self.succeed(self.run_with("exit 5"), 5).stdout, "")

    def test_a_killed_process(self):
        result = self.run_with(f"cat >&2 <<END\n{NOISE}\nEND\nexit 137")
        self.error(result, 3, "Killed", "memory")
        result = self.run_with(f"echo 'gnr-register: error: process 1 is no more' >&2; cat >&2 <<END\n{NOISE}\nEND\n"
                               "exit 137")
        self.error(result, 3, "process 1 is no more")
        self.error(self.run_with("exit 139"), 3, "Segmentation fault")

    def test_a_launcher_that_fails(self):
        result = self.run_with("printf '%s\\n' '--------------------------------------' 'There are not enough slots' "
                               "'available' '--------------------------------------' >&2; exit 1")
        self.error(result, 3, "There are not enough slots available", "exit code 1", "GNR_MPIEXEC")

    def test_a_launcher_that_is_missing(self):
        result = subprocess.run(self.command("--processes", 2), env=self.environment(GNR_MPIEXEC="/nowhere/mpirun"),
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
        self.error(result, 2, "--processes", "/nowhere/mpirun")

    def test_within_a_launcher_the_number_must_be_the_same(self):
        result = self.run_with("echo started", "--processes", 3, OMPI_COMM_WORLD_SIZE=2)
        self.assertNotIn("started", result.stdout)
        self.assertEqual(result.returncode, 2, result.stderr)

    def test_signals_reach_the_launcher(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            script = self.launcher("trap 'echo ended; exit 143' TERM; echo running; while :; do sleep 0.05; done")
            run = subprocess.Popen(self.command("--processes", 2), env=self.environment(GNR_MPIEXEC=script), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
            self.assertEqual(run.stdout.readline(), "running\n")
            run.send_signal(number)
            output, error = run.communicate(timeout=30)
            self.assertEqual((run.returncode, output, error), (128 + number, "ended\n", ""))

    def test_nothing_is_left_when_this_program_is_killed(self):
        pid_file = self.folder / "pid"
        script = self.launcher(f"echo $$ >{pid_file}; echo running; while :; do sleep 0.05; done")
        run = subprocess.Popen(self.command("--processes", 2), env=self.environment(GNR_MPIEXEC=script), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
        self.assertEqual(run.stdout.readline(), "running\n")
        run.kill()
        run.wait()
        run.stdout.close()
        run.stderr.close()
        for _ in range(100):
            if not os.path.exists("/proc/" + pid_file.read_text().strip()):
                return
            time.sleep(0.1)
        self.fail("the launcher goes on")

    def test_bad_numbers(self):
        for number in ("0", "-1", "two"):
            result = self.run_with("echo started", "--processes", number)
            self.error(result, 2, "--processes")


if __name__ == "__main__":
    support.main()
