// SPDX-License-Identifier: Apache-2.0
// Measures as objects: those of the solver, and one of the caller's own.

#include "itkGaussNewtonRegistrationDistributedTesting.h"
#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "../core/threads.h"


#include "itkGaussNewtonRegistrationError.h"
#include "itkGaussNewtonRegistrationMetric.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>

namespace
{
using namespace gnrtest;
using Metric = itk::GaussNewtonRegistrationMetric;

/** Half the squared differences, times a factor: what "ssd" computes. */
class SquaredDifferences : public gnr::CustomMeasure
{
public:
  double
  compare(const Images & images, float * force, float * curvature) override
  {
    const auto &      size = images.grid.size;
    const std::size_t n = std::size_t(size[0]) * size[1] * (images.box.end[2] - images.box.begin[2]);
    double            value = 0.0;
    for (std::size_t i = 0; i < n; ++i)
    {
      const double w = factor * (images.weight ? images.weight[i] : 1.0),
                   d = double(images.fixed[i]) - images.moving[i];
      value += 0.5 * w * d * d;
      if (force)
      {
        force[i] = static_cast<float>(w * d);
        curvature[i] = static_cast<float>(w);
      }
    }
    ++calls;
    return value;
  }

  double           factor = 1.0;
  std::atomic<int> calls{ 0 };
};

TEST(Metrics, AreAddedUpInTheSimilarity)
{
  const auto filter = Filter::New();
  filter->AddMetric(Metric::Named("lncc"));
  EXPECT_EQ(filter->GetSimilarity(), "lncc") << "in place of auto";
  filter->AddMetric(Metric::Named("mind"), 0.5);
  EXPECT_EQ(filter->GetSimilarity(), "lncc+0.5*mind");
  filter->ClearMetrics();
  EXPECT_EQ(filter->GetSimilarity(), "auto");
  EXPECT_EQ(Metric::New()->GetName(), "auto");
}

TEST(Metrics, ThatCannotBeAreRefused)
{
  EXPECT_THROW(Metric::Named("cross-correlation"), itk::GaussNewtonRegistrationError);
  EXPECT_THROW(Metric::Named("lncc+mind"), itk::GaussNewtonRegistrationError) << "one at a time";
  EXPECT_THROW(Metric::Named("custom"), itk::GaussNewtonRegistrationError);
  const auto filter = Filter::New();
  filter->SetSimilarity("lncc");
  EXPECT_THROW(filter->AddMetric(Metric::Named("lncc")), itk::GaussNewtonRegistrationError) << "twice";
  EXPECT_THROW(filter->AddMetric(Metric::New()), itk::GaussNewtonRegistrationError) << "auto stands alone";
  EXPECT_THROW(filter->AddMetric(nullptr), itk::ExceptionObject);
  for (const double weight : { 0.0, -1.0, std::numeric_limits<double>::quiet_NaN() })
  {
    EXPECT_THROW(filter->AddMetric(Metric::Named("ssd"), weight), itk::GaussNewtonRegistrationError) << weight;
  }
  EXPECT_EQ(filter->GetSimilarity(), "lncc");
  filter->SetSimilarity("lncc,ssd");
  EXPECT_THROW(filter->AddMetric(Metric::Named("mind")), itk::ExceptionObject) << "of which pair?";
  EXPECT_THROW(Metric::Of(nullptr), itk::GaussNewtonRegistrationError);
}

TEST(Metrics, OfTheCallerIsSolvedAsTheSolversOwn)
{
  const auto solvers = MakeFilter(MakeFixed(), MakeMoving());
  solvers->SetSimilarity("ssd");
  solvers->Update();
  EXPECT_GT(Length(solvers->GetDisplacementField()).largest, 0.9);

  const auto measure = std::make_shared<SquaredDifferences>();
  const auto metric = Metric::Of(measure);
  const auto callers = MakeFilter(MakeFixed(), MakeMoving());
  callers->AddMetric(metric);
  EXPECT_EQ(callers->GetSimilarity(), "custom");
  callers->Update();
  EXPECT_LT(Compare(solvers->GetDisplacementField(), callers->GetDisplacementField()).largest, 1e-3) << "mm";

  const auto both = MakeFilter(MakeFixed(), MakeMoving());
  both->AddMetric(metric, 0.25);
  both->AddMetric(Metric::Named("ssd"), 0.75);
  both->Update();
  EXPECT_LT(Compare(solvers->GetDisplacementField(), both->GetDisplacementField()).largest, 1e-3) << "mm";
}

// The second process has no inputs but its measure, which sees its planes.
TEST(Metrics, OfTheCallerIsSharedByProcesses)
{
  const auto alone = MakeFilter(MakeFixed(), MakeMoving());
  alone->SetSimilarity("ssd");
  alone->Update();
  gnr::test::ThreadTeam team(2);
  team.run([&](const std::shared_ptr<gnr::Communicator> & communicator) {
    const auto measure = std::make_shared<SquaredDifferences>();
    const auto filter = communicator->rank() == 0 ? MakeFilter(MakeFixed(), MakeMoving()) : MakePlainFilter();
    filter->SetEngine(itk::GaussNewtonRegistrationEngine::Of(communicator));
    filter->AddMetric(Metric::Of(measure));
    filter->Update();
    EXPECT_GT(measure->calls, 0);
    if (communicator->rank() == 0)
    {
      EXPECT_LT(Compare(alone->GetDisplacementField(), filter->GetDisplacementField()).largest, 1e-3) << "mm";
    }
  });
}

TEST(Metrics, ThatChangeMakeTheOutputsOutOfDate)
{
  const auto measure = std::make_shared<SquaredDifferences>();
  const auto metric = Metric::Of(measure);
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->AddMetric(metric);
  filter->Update();
  const int calls = measure->calls;
  EXPECT_GT(calls, 0);
  filter->Update();
  EXPECT_EQ(measure->calls, calls) << "nothing has changed";
  const double stiff = Length(filter->GetDisplacementField()).largest;
  measure->factor = 1e-3; // as beta times a thousand
  metric->Modified();
  filter->Update();
  EXPECT_GT(measure->calls, calls);
  EXPECT_LT(Length(filter->GetDisplacementField()).largest, 0.5 * stiff);

  // Not asked where the similarity does not name it.
  filter->SetSimilarity("ssd");
  const int before = measure->calls;
  filter->Update();
  EXPECT_EQ(measure->calls, before);
}

} // namespace
