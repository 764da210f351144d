#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One registration by several processes: mpirun -np N distributed.py FIXED MOVING PREFIX (needs mpi4py)."""
import sys

import itk
from mpi4py import MPI

comm = MPI.COMM_WORLD
registration = itk.DiffeomorphicGaussNewtonRegistrationFilter[itk.Image[itk.F, 3], itk.Image[itk.F, 3],
                                                              itk.Image[itk.Vector[itk.F, 3], 3]].New()
registration.SetEngine(itk.GaussNewtonRegistrationEngine.MPI(comm.py2f()))
if comm.rank == 0:  # process 0 has the images and the parameters, and gets the results
    registration.SetFixedImage(itk.imread(sys.argv[1], itk.F))
    registration.SetMovingImage(itk.imread(sys.argv[2], itk.F))
    registration.ComputeInverseDisplacementFieldOff()
registration.Update()  # on every process
if comm.rank == 0:
    print(f"mismatch {registration.GetMismatch():.3f} by {comm.size} processes")
    itk.imwrite(registration.GetDisplacementField(), sys.argv[3] + "_displacement.nii.gz")
    itk.imwrite(registration.GetWarpedMovingImage(), sys.argv[3] + "_warped.nii.gz")
