// SPDX-License-Identifier: Apache-2.0
// itk::GaussNewtonRegistrationInitializer as an ITK object: parameters, PrintSelf.
#include "itkGaussNewtonRegistrationInitializer.h"

#include "itkTestingMacros.h"

#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>

int
itkGaussNewtonRegistrationInitializerTest(int, char *[])
{
  using InitializerType = itk::GaussNewtonRegistrationInitializer;
  using MethodEnum = InitializerType::MethodEnum;
  const auto initializer = InitializerType::New();
  ITK_EXERCISE_BASIC_OBJECT_METHODS(initializer, GaussNewtonRegistrationInitializer, ProcessObject);

  ITK_TEST_EXPECT_TRUE(initializer->GetMethod() == MethodEnum::Affine);
  initializer->SetMethod(MethodEnum::Rigid);
  ITK_TEST_SET_GET_VALUE(MethodEnum::Rigid, initializer->GetMethod());
  initializer->SetNumberOfSamples(5000);
  ITK_TEST_SET_GET_VALUE(5000U, initializer->GetNumberOfSamples());
  initializer->SetNumberOfSamples(1);
  ITK_TEST_SET_GET_VALUE(1000U, initializer->GetNumberOfSamples());
  initializer->SetNumberOfHistogramBins(50);
  ITK_TEST_SET_GET_VALUE(50U, initializer->GetNumberOfHistogramBins());
  initializer->SetNumberOfIterations(7);
  ITK_TEST_SET_GET_VALUE(7U, initializer->GetNumberOfIterations());
  initializer->SetRandomSeed(3);
  ITK_TEST_SET_GET_VALUE(3, initializer->GetRandomSeed());

  for (const auto & [method, word] : { std::make_pair(MethodEnum::Identity, "identity"),
                                       std::make_pair(MethodEnum::Moments, "moments"),
                                       std::make_pair(MethodEnum::Rigid, "rigid"),
                                       std::make_pair(MethodEnum::Affine, "affine") })
  {
    std::ostringstream out;
    out << method;
    ITK_TEST_EXPECT_EQUAL(out.str(), std::string(word));
  }
  return EXIT_SUCCESS;
}
