#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test program as several processes, each time with a limit of time. Usage: run.py MPIEXEC WHAT N PROGRAM [ARGS]

    tests      the program, which must succeed
    user       the same as another user than root; skipped for those who cannot become one
    killed     rank N-1 is killed by SIGKILL while the others wait for it: mpirun ends by itself, and fails
    watched    the same under a launcher that does nothing about it: the others find out
    stopped    rank N-1 is stopped by SIGSTOP: the others find out, and mpirun ends it
    exit-code  a failure on rank N-1: all end with its exit code, and the launcher with it
    separate   processes that no launcher connects

(ctest: skip code 77)"""
import os
import re
import signal
import subprocess
import sys
import time

LIMIT = 240
SKIPPED = 77
NOBODY = 65534
ENDING = 20  # seconds within which all must end after a failure


def environment():
    result = dict(os.environ)
    # Open MPI 4 and 5; MPICH asks nothing of the kind.
    result.update({"OMPI_MCA_rmaps_base_oversubscribe": "1",
                   "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
                   "OMPI_MCA_hwloc_base_binding_policy": "none",
                   "PRTE_MCA_hwloc_default_binding_policy": "none",
                   "UCX_LOG_LEVEL": "error"})  # it warns of messages that a failure has left behind
    if os.geteuid() == 0:
        for name in ("OMPI", "PRTE"):
            result[name + "_ALLOW_RUN_AS_ROOT"] = result[name + "_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    return result


def run(command, env=None, **keywords):
    """(exit code, output, seconds); a run that does not end by itself fails the test."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               text=True, env=env or environment(), start_new_session=True, **keywords)
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.terminate()  # the launcher ends its processes
        try:
            output, _ = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        print(output)
        sys.exit("%s did not end within %d s" % (" ".join(command), LIMIT))
    return process.returncode, output, time.monotonic() - start


def check(condition, words):
    if not condition:
        sys.exit("FAILED: " + words)


def check_no_process_left(program):
    for _ in range(50):
        left = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink("/proc/%s/exe" % pid) == os.path.realpath(program):
                    left.append(pid)
            except OSError:
                pass
        if not left:
            return
        time.sleep(0.1)
    check(False, "processes are left: " + " ".join(left))


def main():
    mpiexec, what, n, program, *arguments = sys.argv[1:]
    launch = [mpiexec, "-np", n, program]
    if what == "tests":
        code, output, _ = run(launch + arguments)
        print(output)
        check(code == 0, "exit code %d" % code)
        check(output.count("[  PASSED  ]") == 1, "rank 0 has not passed its tests")
    elif what == "user":
        if os.geteuid() != 0:
            print("skipped: only root can become another user, and this user is one already")
            sys.exit(SKIPPED)
        def become():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        env = {k: v for k, v in environment().items() if "ALLOW_RUN_AS_ROOT" not in k}
        env["HOME"] = env["TMPDIR"] = "/tmp"  # those of root may be closed to others
        readable, _, _ = run(["test", "-x", program], env=env, preexec_fn=become, cwd="/")
        if readable != 0:
            print("skipped: user %d may not read %s" % (NOBODY, program))
            sys.exit(SKIPPED)
        code, output, _ = run(launch + ["--gtest_filter=Reduction.*:Failure.ReachesTheOthersInASum"], env=env,
                              preexec_fn=become, cwd="/")
        print(output)
        check(code == 0, "exit code %d" % code)
        check("[  PASSED  ]" in output, "rank 0 has not passed its tests")
    elif what == "killed":
        code, output, seconds = run(launch + ["--die"])
        print(output, "%.1f s" % seconds)
        check(code != 0, "the launcher took a killed process for a success")
        check("will be killed" in output, "the run did not come as far")
        check(seconds < ENDING, "it took too long")
        check_no_process_left(program)
    elif what == "watched":
        if not re.search("Open MPI|OpenRTE", run([mpiexec, "--version"])[1]):
            print("skipped: only Open MPI 4 can be told not to end the others")
            sys.exit(SKIPPED)
        # What such a launcher returns says nothing.
        _, output, seconds = run([mpiexec, "--enable-recovery"] + launch[1:] + ["--die"])
        print(output, "%.1f s" % seconds)
        dead = "process %d of %s is no more: it was killed (not enough memory?) or has crashed" % (int(n) - 1, n)
        for rank in range(int(n) - 1):
            check("rank %d: error 1: %s" % (rank, dead) in output, "rank %d did not find out" % rank)
        check(seconds < ENDING, "it took too long")
        check_no_process_left(program)
    elif what == "stopped":
        code, output, seconds = run(launch + ["--stop"], env={**environment(), "GNR_SILENCE_LIMIT": "3"})
        print(output, "%.1f s" % seconds)
        check(code == 3, "exit code %d instead of 3" % code)
        for rank in range(int(n) - 1):
            words = "rank %d: error 1: process %d of %s (" % (rank, int(n) - 1, n)
            check(words in output and "has not been heard of for 3 s" in output, "rank %d did not find out" % rank)
        check(seconds < 2 * ENDING, "it took too long")
        check_no_process_left(program)
    elif what == "exit-code":
        code, output, seconds = run(launch + ["--fail"])
        print(output, "%.1f s" % seconds)
        check(code == 4, "exit code %d instead of 4" % code)
        last = int(n) - 1
        for rank in range(last):
            words = "rank %d: error 2: process %d of %s: not a number" % (rank, last, n)
            check(words in output, "rank %d did not say: %s" % (rank, words))
        check("without calling" not in output, "a process ended without MPI_Finalize")
        check(seconds < ENDING, "it took too long")
        check_no_process_left(program)
    elif what == "separate":
        # No launcher, and one that speaks to no MPI library: each process is alone.
        code, output, _ = run([program, "--fail"])
        print(output)
        check(code == 4 and "error" not in output, "a process without a launcher")
        env = {**environment(), "PMI_SIZE": "4"}
        code, output, _ = run([program, "--fail"], env=env)
        print(output)
        check(code == 2 and re.search(r"has started 4 of them and .* connects 1; use the mpirun", output),
              "processes that are not connected")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
