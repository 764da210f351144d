# SPDX-License-Identifier: Apache-2.0
# Read by ITK's module macros, or by cmake/Standalone.cmake, which understands the same keywords.
itk_module(GaussNewtonRegistration
  DEPENDS
    ITKCommon
    ITKDisplacementField
    ITKIOImageBase
    ITKTransform
  PRIVATE_DEPENDS
    ITKMetricsv4
    ITKOptimizersv4
    ITKRegistrationMethodsv4
    ITKSpatialObjects
  COMPILE_DEPENDS
    ITKImageFilterBase
    ITKImageFunction
    ITKImageGrid
    ITKImageIntensity
  TEST_DEPENDS
    ITKTestKernel
    ITKGoogleTest
    ITKImageIntensity
    ITKIOMeta
    ITKIONIFTI
    ITKIONRRD
    ITKIOTransformBase
    ITKIOTransformHDF5
    ITKIOTransformInsightLegacy
  DESCRIPTION
    "Diffeomorphic registration of two 3-D images by a preconditioned Gauss-Newton-Krylov solver for a stationary velocity field."
  EXCLUDE_FROM_DEFAULT
  ENABLE_SHARED
)
