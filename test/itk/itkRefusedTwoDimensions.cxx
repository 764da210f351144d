// SPDX-License-Identifier: Apache-2.0
// Must not compile: the message of the filter's static_assert is what the test "itk-2d-refused" looks for.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImage.h"

int
RegisterTwoDimensions()
{
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<itk::Image<float, 2>>;
  return FilterType::New()->GetReferenceCount();
}
