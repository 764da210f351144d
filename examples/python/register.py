#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registers two images: register.py FIXED MOVING PREFIX writes PREFIX_displacement.nii.gz and PREFIX_warped.nii.gz."""
import sys

import itk

fixed, moving = (itk.imread(path, itk.F) for path in sys.argv[1:3])
registration = itk.DiffeomorphicGaussNewtonRegistrationFilter.New(fixed, moving)
registration.ComputeInverseDisplacementFieldOff()  # half of the time, and not needed here
registration.AddObserver(itk.ProgressEvent(), lambda: print(f"\r{100 * registration.GetProgress():3.0f} %", end=""))
registration.Update()
print(f"\nmismatch {registration.GetMismatch():.3f}, folded voxels {registration.GetNumberOfFoldedVoxels()}")
itk.imwrite(registration.GetDisplacementField(), sys.argv[3] + "_displacement.nii.gz")
itk.imwrite(registration.GetWarpedMovingImage(), sys.argv[3] + "_warped.nii.gz")
