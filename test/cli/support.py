# SPDX-License-Identifier: Apache-2.0
"""What the tests of the programs share. They use Python's standard library alone and are run by ctest with

    GNR_REGISTER, GNR_APPLY   the programs
    GNR_SLICER                the command line module of 3D Slicer
    GNR_VIEW                  gnr-view, or empty where it was built without VTK: its tests are skipped
    GNR_EXAMPLES              folder of the built examples
    GNR_ITK_ONLY              itk-only-resample, which knows ITK but nothing of this project
    GNR_MPIEXEC               what starts several processes, or empty where it was built without MPI
    GNR_FAULTS                folder of a plugin gnr-mpi that fails when it is told to; likewise
    GNR_THREAD_SHIM           library for LD_PRELOAD that gives a limited number of threads, or empty
    GNR_ALLOCATION_SHIM       library for LD_PRELOAD that lets allocations fail, or empty
    GNR_EXAMPLE_DATA          examples/data
    GNR_EXTRA_TEST_DATA       further image pairs, or empty: tests that need them are skipped

Exit code 77 says that everything was skipped (ctest: SKIP_RETURN_CODE 77)."""
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import nifti

SKIPPED = 77

# Tests run side by side: threads that wait for work must not keep a processor busy.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def program(variable):
    path = os.environ.get(variable)
    if not path or not os.access(path, os.X_OK):
        sys.exit(f"{variable} must name the built program, not {path!r}")
    return path


def example_data(name):
    folder = Path(os.environ.get("GNR_EXAMPLE_DATA") or Path(__file__).resolve().parents[2] / "examples" / "data") / name
    if not folder.is_dir():
        raise AssertionError(f"{folder} is missing: GNR_EXAMPLE_DATA must name examples/data")
    return folder


def extra_data(name):
    root = os.environ.get("GNR_EXTRA_TEST_DATA")
    if not root:
        raise unittest.SkipTest("GNR_EXTRA_TEST_DATA is not set")
    folder = Path(root) / name
    if not folder.is_dir():
        raise AssertionError(f"{folder} is missing although GNR_EXTRA_TEST_DATA is set")
    return folder


class CommandLineTest(unittest.TestCase):
    """A temporary folder per test, and short ways to call the programs."""

    longMessage = True

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gnr-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def call(self, *arguments, cwd=None):
        return subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=cwd or self.folder)

    def register(self, *arguments, **keywords):
        return self.call(program("GNR_REGISTER"), *arguments, **keywords)

    def apply(self, *arguments, **keywords):
        return self.call(program("GNR_APPLY"), *arguments, **keywords)

    def view(self, *arguments, **keywords):
        if not os.environ.get("GNR_VIEW"):
            raise unittest.SkipTest("gnr-view was not built: no VTK")
        return self.call(program("GNR_VIEW"), *arguments, **keywords)

    def itk_only(self, *arguments, stdin=None):
        return subprocess.run([program("GNR_ITK_ONLY"), *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, cwd=self.folder, input=stdin)

    def mpirun(self, processes, *command, environment=None, limit=240):
        """A program by mpirun, which says things of its own on standard error. The result has `seconds`."""
        env = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1", **(environment or {})}
        start = time.monotonic()
        run = subprocess.run([os.environ["GNR_MPIEXEC"], "-np", str(processes), *map(str, command)], cwd=self.folder,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, env=env,
                             timeout=limit)
        run.seconds = time.monotonic() - start
        return run

    def succeed(self, result, code=0):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertEqual(result.stderr, "", "standard error is for errors alone")
        return result

    def files(self):
        """Every file and folder below the test's folder, hidden ones as well. One that a running program removes
        meanwhile is left out: os.walk passes over it, where rglob fails."""
        found = [os.path.join(folder, name) for folder, folders, names in os.walk(self.folder) for name in folders + names]
        return sorted(os.path.relpath(path, self.folder) for path in found)


def blobs(size, matrix, origin, centres, width):
    """Sum of Gaussians of the given width (mm) at physical centres: [(x, y, z, height), ...]."""
    frame = nifti.Image(size, matrix, origin, [])
    values = []
    for z in range(size[2]):
        for y in range(size[1]):
            for x in range(size[0]):
                p = frame.point(x, y, z)
                values.append(sum(h * math.exp(-((p[0] - a) ** 2 + (p[1] - b) ** 2 + (p[2] - c) ** 2) / (2 * width ** 2))
                                  for a, b, c, h in centres))
    return values


def correlation(a, b):
    n = len(a)
    ma, mb = sum(a) / n, sum(b) / n
    saa = sum(x * x for x in a) - n * ma * ma
    sbb = sum(x * x for x in b) - n * mb * mb
    sab = sum(map(lambda x, y: x * y, a, b)) - n * ma * mb
    return sab / math.sqrt(saa * sbb)


def main():
    result = unittest.main(exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.testsRun and len(result.skipped) == result.testsRun else 0)
