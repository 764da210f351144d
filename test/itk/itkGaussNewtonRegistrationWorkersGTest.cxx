// SPDX-License-Identifier: Apache-2.0
// Masks: where they end, nothing counts.

// The filter with worker processes; what can go wrong with these is tested in test/core/launchedRegistrationTest.cpp.
#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkCommand.h"
#include "itkImageRegionConstIterator.h"

#include "gnr/Communicator.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <vector>

using namespace gnrtest;

namespace
{

class Workers : public testing::Test
{
protected:
  void
  SetUp() override
  {
#ifndef GNR_TEST_MPI
    GTEST_SKIP() << "built without MPI";
#endif
    alarm(240); // a launcher that hangs fails the test
    Geometry geometry;
    geometry.size = { { 30, 32, 28 } };
    geometry.direction = Oblique(0.4);
    fixed = Sample<FloatImage>(geometry, Anatomy);
    moving = Sample<FloatImage>(geometry, [](const Point & p) { return Anatomy(p - TrueDisplacement(p)); });
  }
  void
  TearDown() override
  {
    alarm(0);
  }

  Filter::Pointer
  MakeFilter(unsigned int processes) const
  {
    const auto filter = Filter::New();
    filter->SetFixedImage(fixed);
    filter->SetMovingImage(moving);
    filter->SetDevice(Filter::DeviceEnum::CPU);
    filter->SetEngine(itk::GaussNewtonRegistrationEngine::Workers(processes));
    return filter;
  }

  FloatImage::Pointer fixed;
  FloatImage::Pointer moving;
};

double
LargestDifference(const Field * a, const Field * b)
{
  itk::ImageRegionConstIterator<Field> i(a, a->GetLargestPossibleRegion());
  itk::ImageRegionConstIterator<Field> j(b, b->GetLargestPossibleRegion());
  double                               largest = 0.0;
  for (; !i.IsAtEnd(); ++i, ++j)
  {
    largest = std::max(largest, static_cast<double>((i.Get() - j.Get()).GetNorm()));
  }
  return largest;
}

} // namespace

TEST_F(Workers, GiveTheResultOfOneProcess)
{
  const auto alone = MakeFilter(1);
  alone->Update();
  const auto          shared = MakeFilter(2);
  std::vector<double> progress;
  shared->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &) { progress.push_back(shared->GetProgress()); });
  unsigned int steps = 0;
  shared->AddObserver(itk::IterationEvent(), [&](const itk::EventObject & event) {
    steps += dynamic_cast<const itk::MultiResolutionIterationEvent *>(&event) == nullptr ? 1 : 0;
  });
  shared->Update();

  EXPECT_EQ(shared->GetReport().processes, 2);
  EXPECT_EQ(alone->GetReport().processes, 1);
  EXPECT_FALSE(gnr::isMpiInitialized()) << "in this process";
  EXPECT_EQ(steps, shared->GetElapsedIterations());
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.back(), 1.0);
  // Sums over processes are rounded in another order: voxels of 1 mm.
  EXPECT_GT(alone->GetReport().maximumDisplacement, 0.5);
  EXPECT_LT(LargestDifference(alone->GetDisplacementField(), shared->GetDisplacementField()), 1e-3);
  EXPECT_LT(LargestDifference(alone->GetInverseDisplacementField(), shared->GetInverseDisplacementField()), 1e-3);
  EXPECT_LT(LargestDifference(alone->GetVelocityField(), shared->GetVelocityField()), 1e-3);
}

TEST_F(Workers, AreAborted)
{
  const auto filter = MakeFilter(2);
  filter->AddObserver(itk::IterationEvent(), [&](const itk::EventObject &) { filter->AbortGenerateDataOn(); });
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
  EXPECT_NO_THROW(MakeFilter(2)->Update()) << "nothing stays behind";
}

TEST_F(Workers, PlanMemory)
{
  const auto filter = MakeFilter(2);
  filter->SetSimilarity("ssd"); // "auto" plans for the measure that needs most
  const auto plan = filter->PlanMemory();
  EXPECT_EQ(plan.solver.processes, 2);
  filter->Update();
  EXPECT_EQ(filter->GetMemoryNeed().solver.fieldBytes, plan.solver.fieldBytes);
}

TEST_F(Workers, AreAnErrorWhereTheyCannotBe)
{
  const auto filter = MakeFilter(2);
  setenv("GNR_WORKER", "/no/such/gnr-worker", 1);
  try
  {
    filter->Update();
    ADD_FAILURE();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_EQ(error.GetKind(), itk::GaussNewtonRegistrationErrorEnums::Kind::BadInput);
    EXPECT_NE(std::string(error.GetDescription()).find("GNR_WORKER"), std::string::npos) << error.GetDescription();
  }
  unsetenv("GNR_WORKER");
  EXPECT_THROW(MakeFilter(0)->Update(), itk::GaussNewtonRegistrationError);
  EXPECT_NO_THROW(filter->Update()) << "after the error";
}
