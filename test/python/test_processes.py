# SPDX-License-Identifier: Apache-2.0
"""One registration by several processes: worker processes of an ordinary Python, and processes that mpirun started."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

import itk
import numpy as np

import phantoms

OFF = {"compute_inverse_displacement_field": False, "compute_velocity_field": False}
MPIRUN = shutil.which("mpirun")
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1"}
SAME = 1e-3 * min(phantoms.SPACING)  # mm; of a voxel, whatever the number of processes


@unittest.skipUnless(MPIRUN, "no mpirun (Debian: openmpi-bin)")
class Workers(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.dict(os.environ, ENVIRONMENT)
        patch.start()
        self.addCleanup(patch.stop)

    def test_the_same_field(self):
        fields = []
        for processes in (1, 2):
            displacement, *_ = itk.diffeomorphic_gauss_newton_registration_filter(
                *phantoms.pair(), engine=itk.GaussNewtonRegistrationEngine.Workers(processes), **OFF)
            fields.append(itk.array_from_image(displacement))
        self.assertGreater(np.abs(fields[0]).max(), 1)
        self.assertLess(np.abs(fields[0] - fields[1]).max(), SAME)

    def test_events_come_from_the_workers(self):
        registration = phantoms.registration(engine=itk.GaussNewtonRegistrationEngine.Workers(2), **OFF)
        self.assertEqual(registration.GetEngine().GetNumberOfWorkers(), 2)
        steps, progress = [], []
        registration.AddObserver(itk.IterationEvent(), lambda: steps.append(registration.GetElapsedIterations()))
        registration.AddObserver(itk.ProgressEvent(), lambda: progress.append(registration.GetProgress()))
        registration.Update()
        self.assertGreater(max(steps), 0)
        self.assertEqual(progress, sorted(progress))
        self.assertEqual(progress[-1], 1)

    def test_a_worker_that_is_not_there(self):
        with mock.patch.dict(os.environ, GNR_WORKER="/nowhere/gnr-worker"):
            with self.assertRaisesRegex(RuntimeError, "/nowhere/gnr-worker"):
                phantoms.registration(engine=itk.GaussNewtonRegistrationEngine.Workers(2)).Update()


@unittest.skipUnless(MPIRUN and importlib.util.find_spec("mpi4py"), "no mpi4py or no mpirun (Debian: python3-mpi4py)")
class Mpirun(unittest.TestCase):
    # What three processes do; each prints what came of it, as one line of JSON.
    SCRIPT = """
        import json, sys
        import itk, numpy as np
        from mpi4py import MPI
        sys.path.insert(0, sys.argv[1])
        import phantoms
        comm = MPI.COMM_WORLD
        # process 0 has the images and the parameters; each filter must be told of the processes
        Engine = itk.GaussNewtonRegistrationEngine
        def make(engine):
            Image = itk.Image[itk.F, 3]
            registration = itk.DiffeomorphicGaussNewtonRegistrationFilter[Image, Image, itk.Image[itk.Vector[itk.F, 3], 3]].New()
            registration.SetEngine(engine)
            return registration
        def give(registration):
            fixed, moving = phantoms.pair()
            registration.SetFixedImage(fixed)
            registration.SetMovingImage(moving)
            registration.ComputeInverseDisplacementFieldOff()
            registration.ComputeVelocityFieldOff()
        engine = Engine.MPI(comm.py2f())
        engine.GatherOutputOff()
        slabs = make(engine)
        if comm.rank == 0:
            give(slabs)
        slabs.Update()
        field = slabs.GetDisplacementField()
        region, planes = field.GetBufferedRegion(), field.GetLargestPossibleRegion().GetSize()[2]
        field.DisconnectPipeline()
        field.SetLargestPossibleRegion(region)  # ITK's bridge to numpy takes whole images
        parts = comm.gather(itk.array_from_image(field))
        # by itself, whatever the others do
        alone = make(Engine.ThisProcess())
        give(alone)
        alone.Update()
        own = itk.array_from_image(alone.GetDisplacementField())
        answer = {"rank": comm.rank, "begin": region.GetIndex()[2], "planes": region.GetSize()[2], "whole": planes,
                  "largest": float(np.abs(own).max())}
        if comm.rank == 0:
            joined = np.concatenate(parts)
            answer["difference"] = float(np.abs(joined - own).max())
        for line in comm.gather(json.dumps(answer)) or ():
            print(line, flush=True)
    """

    def test_slabs_and_a_registration_by_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "script.py"
            script.write_text(textwrap.dedent(self.SCRIPT), encoding="utf-8")
            run = subprocess.run([MPIRUN, "-np", "3", sys.executable, "-B", str(script), str(Path(__file__).parent)],
                                 env={**os.environ, **ENVIRONMENT}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 timeout=300)
        self.assertEqual(run.returncode, 0, run.stderr)
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual([a["rank"] for a in answers], [0, 1, 2])
        begin = 0
        for answer in answers:  # slabs of planes, one behind the other
            self.assertEqual(answer["begin"], begin)
            self.assertGreater(answer["planes"], 0)
            self.assertEqual(answer["whole"], phantoms.SIZE[2])
            self.assertGreater(answer["largest"], 1)
            begin += answer["planes"]
        self.assertEqual(begin, phantoms.SIZE[2])
        self.assertLess(answers[0]["difference"], SAME)


if __name__ == "__main__":
    unittest.main()
