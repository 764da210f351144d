// SPDX-License-Identifier: Apache-2.0
// The filter in several processes, which are threads here: what MPI is not needed for.
#include "itkGaussNewtonRegistrationDistributedTesting.h"

#include "../core/threads.h"

#include "itkImageRegionConstIterator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

namespace
{
using namespace gnrtest;
using gnr::test::ThreadTeam;
using Engine = itk::GaussNewtonRegistrationEngine;

struct Results
{
  Field::Pointer      displacement;
  Field::Pointer      inverse;
  Field::Pointer      velocity;
  FloatImage::Pointer warped;
  FloatImage::Pointer determinant;
  gnr::Report         report;
};

Results
ResultsOf(Filter * filter)
{
  Results r;
  r.report = filter->GetReport();
  r.displacement = filter->GetDisplacementField();
  r.inverse = filter->GetInverseDisplacementField();
  r.velocity = filter->GetVelocityField();
  r.warped = filter->GetWarpedMovingImage();
  r.determinant = filter->GetJacobianDeterminantImage();
  return r;
}

/** Every field of a result, by name. */
template <typename TFunction>
void
ForEachOutput(TFunction f)
{
  f("displacement", &Results::displacement);
  f("inverse", &Results::inverse);
  f("velocity", &Results::velocity);
  f("warped", &Results::warped);
  f("determinant", &Results::determinant);
}

const Results &
ByOneProcess(PairKind kind)
{
  static std::map<PairKind, Results> known;
  if (known.count(kind) == 0)
  {
    const PhantomPair pair(kind);
    const auto        filter = MakePlainFilter();
    pair.SetInputs(filter);
    filter->Update();
    known[kind] = ResultsOf(filter);
  }
  return known[kind];
}

enum class Input
{
  OfRoot,
  OfEach
};

struct TeamRun
{
  std::vector<Results>            results; ///< of each rank
  std::vector<itk::SizeValueType> largestFixedRequest;
  std::vector<itk::SizeValueType> largestMovingRequest;
};

TeamRun
RunTogether(int ranks, PairKind kind, Input input, bool gather)
{
  TeamRun run;
  run.results.resize(ranks);
  run.largestFixedRequest.resize(ranks);
  run.largestMovingRequest.resize(ranks);
  ThreadTeam(ranks).run([&](std::shared_ptr<gnr::Communicator> communicator) {
    const int         rank = communicator->rank();
    const PhantomPair pair(kind);
    const auto        filter = MakePlainFilter();
    const auto        engine = Engine::Of(communicator);
    engine->SetGatherOutput(gather);
    filter->SetEngine(engine);
    if (input == Input::OfEach || rank == 0)
    {
      pair.SetInputs(filter);
    }
    filter->Update();
    run.results[rank] = ResultsOf(filter);
    run.largestFixedRequest[rank] = pair.fixed->largestRequest;
    run.largestMovingRequest[rank] = pair.moving->largestRequest;
  });
  return run;
}

/** Largest difference over the part of `part` that is there. */
template <typename TImage>
double
LargestDifference(const TImage * part, const TImage * whole)
{
  double                                largest = 0.0;
  itk::ImageRegionConstIterator<TImage> a(part, part->GetBufferedRegion());
  itk::ImageRegionConstIterator<TImage> b(whole, part->GetBufferedRegion());
  for (; !a.IsAtEnd(); ++a, ++b)
  {
    if constexpr (std::is_same_v<TImage, Field>)
    {
      largest = std::max(largest, static_cast<double>((a.Get() - b.Get()).GetNorm()));
    }
    else
    {
      largest = std::max(largest, std::abs(static_cast<double>(a.Get()) - b.Get()));
    }
  }
  return largest;
}

itk::ImageRegion<3>
SlabOf(itk::ImageRegion<3> whole, int ranks, int rank)
{
  const auto planes = whole.GetSize(2);
  const auto begin = planes * rank / ranks;
  const auto end = planes * (rank + 1) / ranks;
  whole.SetIndex(2, whole.GetIndex(2) + static_cast<itk::IndexValueType>(begin));
  whole.SetSize(2, end - begin);
  return whole;
}

class Distributed : public ::testing::TestWithParam<std::tuple<int, PairKind>>
{
protected:
  int      ranks = std::get<0>(GetParam());
  PairKind kind = std::get<1>(GetParam());
};

// Sums are formed in another order, so the last bits differ and grow over the Newton steps: 1e-3 voxel is what the
// project promises; the voxels here are at least 0.9 mm.
constexpr double tolerance = 0.9e-3;

TEST_P(Distributed, ResultOfSeveralIsThatOfOne)
{
  const Results & one = ByOneProcess(kind);
  const TeamRun   run = RunTogether(ranks, kind, Input::OfRoot, true);
  const Results & root = run.results[0];
  EXPECT_EQ(root.report.processes, ranks);
  EXPECT_EQ(root.report.newtonSteps, one.report.newtonSteps);
  EXPECT_EQ(root.report.hessianProducts, one.report.hessianProducts);
  EXPECT_GT(Length(one.displacement).largest, 0.5); // there was something to find
  const auto whole = one.displacement->GetLargestPossibleRegion();
  ASSERT_EQ(root.displacement->GetBufferedRegion(), whole);
  EXPECT_LT(LargestDifference(root.displacement.GetPointer(), one.displacement.GetPointer()), tolerance);
  EXPECT_LT(LargestDifference(root.inverse.GetPointer(), one.inverse.GetPointer()), tolerance);
  EXPECT_LT(LargestDifference(root.velocity.GetPointer(), one.velocity.GetPointer()), tolerance);
  EXPECT_LT(LargestDifference(root.determinant.GetPointer(), one.determinant.GetPointer()), 4 * tolerance);
  // The intensities change by at most about 60 per mm.
  EXPECT_LT(LargestDifference(root.warped.GetPointer(), one.warped.GetPointer()), 60 * tolerance);

  for (int rank = 0; rank < ranks; ++rank)
  {
    const Results & r = run.results[rank];
    EXPECT_EQ(r.report.newtonSteps, one.report.newtonSteps);
    EXPECT_EQ(r.report.mismatch, root.report.mismatch);
    ForEachOutput([&](const char * name, auto member) {
      SCOPED_TRACE(name);
      EXPECT_EQ((r.*member)->GetLargestPossibleRegion(), whole);
      EXPECT_EQ((r.*member)->GetOrigin(), one.displacement->GetOrigin());
      EXPECT_EQ((r.*member)->GetSpacing(), one.displacement->GetSpacing());
      EXPECT_EQ((r.*member)->GetDirection(), one.displacement->GetDirection());
      if (rank > 0)
      {
        EXPECT_EQ((r.*member)->GetBufferedRegion().GetNumberOfPixels(), 0U);
      }
    });
  }
}

// However the images come and go, the same numbers meet: equal to the bit.
TEST_P(Distributed, WaysInAndOutGiveTheSameVoxels)
{
  const TeamRun gathered = RunTogether(ranks, kind, Input::OfRoot, true);
  for (const Input input : { Input::OfRoot, Input::OfEach })
  {
    SCOPED_TRACE(input == Input::OfRoot ? "input of the root" : "input of each");
    const TeamRun slabs = RunTogether(ranks, kind, input, false);
    for (int rank = 0; rank < ranks; ++rank)
    {
      SCOPED_TRACE(rank);
      ForEachOutput([&](const char * name, auto member) {
        SCOPED_TRACE(name);
        const auto & part = slabs.results[rank].*member;
        const auto & whole = gathered.results[0].*member;
        const auto   slab = SlabOf(whole->GetLargestPossibleRegion(), ranks, rank);
        EXPECT_EQ(part->GetLargestPossibleRegion(), whole->GetLargestPossibleRegion());
        EXPECT_EQ(part->GetRequestedRegion(), slab);
        ASSERT_EQ(part->GetBufferedRegion(), slab);
        EXPECT_EQ(LargestDifference(part.GetPointer(), whole.GetPointer()), 0.0);
      });
    }
  }
  const TeamRun each = RunTogether(ranks, kind, Input::OfEach, true);
  ForEachOutput([&](const char * name, auto member) {
    SCOPED_TRACE(name);
    EXPECT_EQ(LargestDifference((each.results[0].*member).GetPointer(), (gathered.results[0].*member).GetPointer()),
              0.0);
  });
  // Nobody read more of the fixed image than its slab.
  for (int rank = 0; rank < ranks; ++rank)
  {
    const auto whole = gathered.results[0].displacement->GetLargestPossibleRegion();
    EXPECT_EQ(each.largestFixedRequest[rank], SlabOf(whole, ranks, rank).GetNumberOfPixels());
  }
}

INSTANTIATE_TEST_SUITE_P(Ranks,
                         Distributed,
                         ::testing::Combine(::testing::Values(2, 3, 5),
                                            ::testing::Values(PairKind::SameGrid, PairKind::Everything)));

// Grids that are turned against one another by about 45 degrees: the box around what a slab reaches would be nearly the
// whole moving image, so it is read in pieces, and the voxels stay the same.
TEST(DistributedInput, TurnedGridsAreReadInPieces)
{
  constexpr int ranks = 3;
  const auto    run = [](std::shared_ptr<gnr::Communicator> communicator, bool isOfEach, itk::SizeValueType & request) {
    PhantomPair pair(PairKind::SameGrid);
    pair.fixed->geometry.size = { { 96, 96, 60 } };
    pair.fixed->geometry.spacing.Fill(0.4);
    pair.moving->geometry = pair.fixed->geometry;
    pair.moving->geometry.size = { { 100, 100, 90 } };
    pair.moving->geometry.direction = Oblique(0.8);
    const auto filter = MakePlainFilter();
    filter->SetEngine(Engine::Of(communicator));
    filter->SetNumberOfLevels(1);
    filter->SetNumberOfIterations(1);
    filter->ComputeInverseDisplacementFieldOff();
    if (isOfEach || communicator->rank() == 0)
    {
      pair.SetInputs(filter);
    }
    filter->Update();
    request = pair.moving->largestRequest;
    return FloatImage::Pointer(filter->GetWarpedMovingImage());
  };
  FloatImage::Pointer             ofRoot;
  FloatImage::Pointer             ofEach;
  std::vector<itk::SizeValueType> requests(ranks);
  for (const bool isOfEach : { false, true })
  {
    ThreadTeam(ranks).run([&](std::shared_ptr<gnr::Communicator> communicator) {
      const int  rank = communicator->rank();
      const auto warped = run(communicator, isOfEach, requests[rank]);
      if (rank == 0)
      {
        (isOfEach ? ofEach : ofRoot) = warped;
      }
    });
  }
  EXPECT_EQ(LargestDifference(ofEach.GetPointer(), ofRoot.GetPointer()), 0.0);
  for (int rank = 1; rank < ranks; ++rank)
  {
    // A slab has 96 x 96 x 20 voxels; of pieces whose box is at most twice as large, or 2^18 voxels.
    EXPECT_LE(requests[rank], 2U * 96 * 96 * 20);
    EXPECT_GT(requests[rank], 0U);
  }
}

/** What each rank throws when all call Update(); `prepare` may give a rank faults. Empty: nothing. */
std::vector<std::string>
MessagesOf(int ranks, Input input, const std::function<void(int, Filter *, PhantomPair &)> & prepare)
{
  std::vector<std::string> messages(ranks);
  ThreadTeam               team(ranks);
  try
  {
    team.run([&](std::shared_ptr<gnr::Communicator> communicator) {
      const int   rank = communicator->rank();
      PhantomPair pair(PairKind::SameGrid);
      const auto  filter = MakePlainFilter();
      filter->SetEngine(Engine::Of(communicator));
      if (input == Input::OfEach || rank == 0)
      {
        pair.SetInputs(filter);
      }
      prepare(rank, filter, pair);
      try
      {
        filter->Update();
      }
      catch (const itk::ProcessAborted &)
      {
        messages[rank] = "aborted";
      }
      catch (const itk::ExceptionObject & error)
      {
        messages[rank] = error.GetDescription();
      }
      if (!messages[rank].empty())
      {
        EXPECT_THROW(filter->GetReport(), itk::ExceptionObject);
        EXPECT_EQ(filter->GetDisplacementField()->GetBufferedRegion().GetNumberOfPixels(), 0U);
      }
    });
  }
  catch (const std::logic_error &)
  {
    // Messages are left over where a run ended early.
  }
  return messages;
}

void
ExpectAll(const std::vector<std::string> & messages, const std::vector<std::string> & words)
{
  for (const std::string & message : messages)
  {
    EXPECT_EQ(message, messages[0]);
    for (const std::string & word : words)
    {
      EXPECT_NE(message.find(word), std::string::npos) << message << "\nlacks " << word;
    }
  }
}

TEST(DistributedErrors, SettingsThatDiffer)
{
  ExpectAll(MessagesOf(3,
                       Input::OfRoot,
                       [](int rank, Filter * filter, PhantomPair &) {
                         filter->SetParameter("gamma", rank == 2 ? "3" : filter->GetParameter("gamma"));
                       }),
            { "Gamma", "process 2 has 3", "process 0 has 8" });
  ExpectAll(MessagesOf(2,
                       Input::OfRoot,
                       [](int rank, Filter * filter, PhantomPair &) {
                         if (rank == 1)
                         {
                           filter->SetTimeLimit(1000.0);
                         }
                       }),
            { "TimeLimit", "process 1 has 1000", "process 0 has none" });
  ExpectAll(
    MessagesOf(2,
               Input::OfRoot,
               [](int rank, Filter * filter, PhantomPair &) { filter->GetEngine()->SetGatherOutput(rank == 0); }),
    { "GatherOutput", "process 1 has off" });
}

TEST(DistributedErrors, SettingsOfTheRootAreTakenOver)
{
  std::vector<int> steps(3);
  ThreadTeam(3).run([&](std::shared_ptr<gnr::Communicator> communicator) {
    const PhantomPair pair(PairKind::SameGrid);
    const auto        filter = Filter::New(); // without settings
    filter->SetEngine(Engine::Of(communicator));
    if (communicator->rank() == 0)
    {
      pair.SetInputs(filter);
      filter->SetDevice(Filter::DeviceEnum::CPU);
      filter->SetNumberOfWorkUnits(1);
      filter->SetNumberOfIterations(1);
      filter->SetNumberOfLevels(1);
      filter->ComputeVelocityFieldOff();
    }
    filter->Update();
    EXPECT_EQ(filter->GetReport().newtonSteps, 1);
    EXPECT_EQ(filter->GetReport().threads, 1);
    steps[communicator->rank()] = filter->GetReport().newtonSteps;
    // Again, with other ones: what was taken over is not taken for a setting of this process.
    if (communicator->rank() == 0)
    {
      filter->SetNumberOfIterations(2);
      filter->SetParameter("ObjectiveTolerance", "0");
    }
    filter->Update();
    EXPECT_EQ(filter->GetReport().newtonSteps, 2);
  });
  EXPECT_EQ(steps, std::vector<int>(3, 1));
}

TEST(DistributedErrors, InputsOfSomeOnly)
{
  ExpectAll(MessagesOf(3,
                       Input::OfRoot,
                       [](int rank, Filter * filter, PhantomPair & pair) {
                         if (rank == 1)
                         {
                           pair.SetInputs(filter);
                         }
                       }),
            { "2 of 3 processes have inputs" });
  ExpectAll(MessagesOf(2,
                       Input::OfRoot,
                       [](int, Filter * filter, PhantomPair &) {
                         filter->SetFixedImage(nullptr);
                         filter->SetMovingImage(nullptr);
                       }),
            { "FixedImage" });
  ExpectAll(MessagesOf(2,
                       Input::OfEach,
                       [](int rank, Filter *, PhantomPair & pair) { pair.moving->geometry.spacing[1] += 0.5 * rank; }),
            { "MovingImage", "on process 1 is not that on process 0" });
}

TEST(DistributedErrors, NotANumberInOneSlab)
{
  ExpectAll(MessagesOf(3,
                       Input::OfEach,
                       [](int, Filter *, PhantomPair & pair) {
                         pair.fixed->f = [](const Point & p) {
                           return p[2] > 18.0 ? std::numeric_limits<double>::quiet_NaN() : DeformedAnatomy(p);
                         };
                       }),
            { "FixedImage: voxel [0, 0, 38] is not a number" });
}

TEST(DistributedErrors, SourceThatFailsOnOneProcess)
{
  ExpectAll(MessagesOf(3,
                       Input::OfEach,
                       [](int rank, Filter *, PhantomPair & pair) {
                         if (rank == 1)
                         {
                           pair.moving->f = [](const Point & p) -> double {
                             if (p[2] > 0.0)
                             {
                               itkGenericExceptionMacro(<< "the disk is gone");
                             }
                             return Anatomy(p);
                           };
                         }
                       }),
            { "the disk is gone" });
}

TEST(DistributedErrors, AbortAndStopOfOneProcess)
{
  for (const int who : { 0, 2 })
  {
    ExpectAll(MessagesOf(3,
                         Input::OfRoot,
                         [&](int rank, Filter * filter, PhantomPair &) {
                           if (rank == who)
                           {
                             filter->AddObserver(itk::ProgressEvent(), [filter](const itk::EventObject &) {
                               filter->SetAbortGenerateData(filter->GetProgress() > 0.1F);
                             });
                           }
                         }),
              { "aborted" });
    std::vector<gnr::StopReason> reasons(3);
    ExpectAll(MessagesOf(3,
                         Input::OfRoot,
                         [&](int rank, Filter * filter, PhantomPair &) {
                           if (rank == who)
                           {
                             filter->AddObserver(itk::ProgressEvent(), [filter](const itk::EventObject &) {
                               if (filter->GetProgress() > 0.1F)
                               {
                                 filter->StopRegistration();
                               }
                             });
                           }
                           filter->AddObserver(itk::EndEvent(), [filter, rank, &reasons](const itk::EventObject &) {
                             reasons[rank] = filter->GetReport().reason;
                           });
                         }),
              { "" });
    EXPECT_EQ(reasons, std::vector<gnr::StopReason>(3, gnr::StopReason::StoppedByObserver));
  }
}

TEST(DistributedPipeline, EventsAndWhatComesAfterwards)
{
  std::vector<int> iterations(2);
  ThreadTeam(2).run([&](std::shared_ptr<gnr::Communicator> communicator) {
    const int         rank = communicator->rank();
    const PhantomPair pair(PairKind::SameGrid);
    const auto        filter = MakePlainFilter();
    filter->SetEngine(Engine::Of(communicator));
    if (rank == 0)
    {
      pair.SetInputs(filter);
    }
    filter->AddObserver(itk::IterationEvent(), [&](const itk::EventObject &) { ++iterations[rank]; });
    filter->Update();
    const int first = iterations[rank];
    EXPECT_EQ(first > 0, rank == 0);
    filter->Update(); // nothing is out of date
    EXPECT_EQ(iterations[rank], first);
    EXPECT_EQ(filter->GetElapsedIterations(), static_cast<unsigned int>(filter->GetReport().newtonSteps));

    // The root can go on by itself; the others are told that they have nothing.
    if (rank == 0)
    {
      filter->GetDisplacementField()->Update();
      EXPECT_EQ(filter->GetTransform()->GetNumberOfTransforms(), 1U);
    }
    else
    {
      EXPECT_THROW(filter->GetDisplacementField()->Update(), itk::InvalidRequestedRegionError);
      EXPECT_THROW(filter->GetTransform(), itk::ExceptionObject);
    }
    EXPECT_EQ(iterations[rank], first);

    // A change on the root makes all of them compute again; nobody waits for the others meanwhile.
    if (rank == 0)
    {
      filter->SetNumberOfIterations(1);
      EXPECT_THROW(filter->GetDisplacementField()->Update(), itk::ExceptionObject);
    }
    filter->Update();
    EXPECT_LE(filter->GetReport().newtonSteps, 3);
    // Memory is planned by all, too.
    const auto need = filter->PlanMemory();
    EXPECT_EQ(need.solver.processes, 2);
    EXPECT_EQ(need.displacement > 0, rank == 0);
  });
}

} // namespace
