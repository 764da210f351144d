// SPDX-License-Identifier: Apache-2.0
// What a GPU is asked to do for a piece of work: upper bounds that follow from the algorithm. On small grids launches
// and waiting decide how long a registration takes.
#include "emulation.h"
#include "pair.h"
#include "problems.h"

#include "model/Objective.h"
#include "optimization/Preconditioner.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace
{

using cuda_emulation::Work;
using cuda_emulation::workOf;
using problems::Pair;

double
fixedImage(double x, double y, double z)
{
  return problems::templateImage(x - 0.3 * std::sin(y), y + 0.2 * std::sin(z), z - 0.2 * std::cos(x));
}

constexpr int points = 32;
constexpr int timeSteps = 4;

/** A^-1 is one kernel that multiplies and, on so small a grid, there or back: a transform of all planes of each of
 * three fields, and one of all columns along z. */
constexpr std::size_t transformsOfInverse = 2 * (3 + 1);

/** The objective of the default options at a velocity. */
struct Fixture
{
  Fixture()
    : bench(problems::cube(points))
    , transform(bench.domain())
    , fixed(bench.scalar(fixedImage))
    , moving(bench.scalar(problems::templateImage))
    , objective(transform,
                {},
                gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), bench.domain(), fixed.data(), moving.data()) })
    , v(bench.vector(problems::smoothVelocity(0.1)))
    , p(bench.vector(problems::direction(0.2)))
    , out(bench.domain().vector())
  {
    gnr::Domain & domain = bench.domain();
    objective.setVelocity(domain.view(v), timeSteps, domain.view(out));
    objective.gradientOfTerms(domain.view(v), domain.view(out));
  }

  Work
  product()
  {
    gnr::Domain & domain = bench.domain();
    return workOf([&] { objective.hessian(domain.view(p), domain.view(out)); });
  }

  /** One application, to a residual that takes all inner iterations; the first has made what is kept. */
  Work
  preconditioner(gnr::Preconditioner kind)
  {
    const auto m = gnr::makePreconditioner(kind, objective);
    m->refresh(1e-6);
    m->apply(p.data(), out.data());
    m->takeInnerIterations();
    const Work work = workOf([&] { m->apply(p.data(), out.data()); });
    EXPECT_EQ(m->takeInnerIterations(), kind == gnr::Preconditioner::InvA ? 0 : inner);
    return work;
  }

  static constexpr int inner = 10;

  problems::Bench       bench;
  gnr::FourierTransform transform;
  gnr::Buffer           fixed, moving;
  gnr::Objective        objective;
  gnr::Buffer           v, p, out;
};

} // namespace

TEST(CudaCounts, HessianProduct)
{
  Fixture    f;
  const Work first = f.product(), work = f.product();
  // State and adjoint have an interpolation and a gradient a step and one more gradient. Nothing is padded.
  constexpr std::size_t transport = 2 * (2 * timeSteps + 1);
  // A Laplacian of each component, its part of the divergence, the weight of that, and the three parts of its gradient.
  constexpr std::size_t limits = 3 + 3 + 1 + 3;
  constexpr std::size_t others = 2; // the symbol of A, and the curvature of the measure
  EXPECT_LE(work.launches, transport + limits + others);
  EXPECT_LE(work.launches, 35u);
  EXPECT_EQ(work.transforms, transformsOfInverse); // of A
  EXPECT_EQ(work.waits + work.eventWaits, 0u);
  EXPECT_EQ(work.copiesToHost + work.copiesToDevice + work.copiesOnDevice, 0u);
  EXPECT_LE(first.plans, 3u) << "planes there and back, columns";
  EXPECT_EQ(work.plans, 0u);
}

TEST(CudaCounts, InverseRegularization)
{
  Fixture    f;
  const Work work = f.preconditioner(gnr::Preconditioner::InvA);
  EXPECT_EQ(work.launches, 1u);
  EXPECT_EQ(work.transforms, transformsOfInverse);
  EXPECT_EQ(work.waits + work.eventWaits + work.plans, 0u);
}

// The inner solve begins with A^-1 r, and each iteration but the last ends with it. Its numbers stay on the device: a
// sum is two kernels, one for the blocks and one for what becomes of it, and a third one updates the fields.
constexpr std::size_t launchesOfInverse = 1 + 3; // its symbol, <r, z> and the direction
constexpr std::size_t launchesOfStep = 1 + 3;    // structure, curvature and the step
constexpr std::size_t launchesOfInner = 1 + Fixture::inner * (launchesOfInverse + launchesOfStep); // and x = 0

TEST(CudaCounts, ZeroVelocityHessian)
{
  Fixture    f;
  const Work work = f.preconditioner(gnr::Preconditioner::InvH0);
  EXPECT_LE(work.launches, launchesOfInner);
  EXPECT_EQ(work.transforms, transformsOfInverse * Fixture::inner);
  EXPECT_EQ(work.waits + work.copiesToHost + work.copiesToDevice, 0u);
  EXPECT_LE(work.copiesOnDevice, 2u);
  EXPECT_EQ(work.eventWaits + work.plans, 0u);
}

TEST(CudaCounts, TwoLevelPreconditioner)
{
  Fixture    f;
  const Work work = f.preconditioner(gnr::Preconditioner::TwoLevelInvH0);
  // The symbol, and the coarse spectrum is emptied and filled, frequencies from zero up and from minus one down.
  EXPECT_LE(work.launches, launchesOfInner + 1 + 3);
  // Planes of three components there and back on both grids, and columns of all there and back on the fine one, to the
  // coarse one from both runs of rows and there back and there.
  EXPECT_EQ(work.transforms, transformsOfInverse * Fixture::inner + 3 * 4 + 2 + 4);
  EXPECT_EQ(work.waits + work.copiesToHost + work.copiesToDevice, 0u);
  EXPECT_LE(work.copiesOnDevice, 1u);
  EXPECT_EQ(work.eventWaits + work.plans, 0u);
}

TEST(CudaCounts, WholeSolve)
{
  const Pair                   pair(points);
  std::unique_ptr<gnr::Result> result;
  const Work                   work = workOf([&] { result = pair.run(); });
  const gnr::Report &          report = result->report();
  EXPECT_TRUE(report.kernelTimes.empty()) << "nobody has asked for them";
  ASSERT_GT(report.newtonSteps, 2) << "there is nothing to count";
  // Before each product, and behind the last of a step, where conjugate gradients stand; how many iterations there were
  // inside the preconditioner.
  const int ofKrylov = report.hessianProducts + 2 * report.newtonSteps;
  // For the rest of a step: the largest values of a trial, twice, and of its departure points both ways; its objective
  // and the two limits; the products of the line search and of the gradient.
  constexpr int ofStep = 2 + 2 + 3 + 2 + 2;
  // Each of two grids begins with an objective at rest and one at its start, and two gradients; and there are the range
  // of the images, the folds of the map.
  constexpr int elsewhere = 2 * 11 + 30;
  EXPECT_LE(work.waits, static_cast<std::size_t>(ofKrylov + ofStep * report.newtonSteps + elsewhere));
  EXPECT_LE(work.waits, 300u);
  // Two images there; results come when they are asked for.
  EXPECT_LE(work.bytesToDevice, 2 * pair.grid.points() * sizeof(float));
  EXPECT_LE(work.bytesToHost, work.waits * (std::size_t(64) << 10)) << "sums and histograms";
}

TEST(CudaCounts, TimesOfKernelsForThoseWhoAsk)
{
  setenv("GNR_CUDA_TIMING", "1", 1);
  const Pair  pair(points);
  gnr::Report report;
  const Work  work = workOf([&] { report = pair.run()->report(); });
  unsetenv("GNR_CUDA_TIMING");
  std::set<std::string> names;
  std::size_t           launches = 0, transforms = 0;
  double                last = report.kernelTimes.front().milliseconds;
  for (const gnr::KernelTime & kernel : report.kernelTimes)
  {
    EXPECT_TRUE(names.insert(kernel.name).second) << kernel.name;
    EXPECT_LE(kernel.milliseconds, last) << "what took longest comes first";
    last = kernel.milliseconds;
    (kernel.name.rfind("cufftExec", 0) == 0 ? transforms : launches) += kernel.calls;
  }
  EXPECT_EQ(launches, work.launches);
  EXPECT_EQ(transforms, work.transforms);
  for (const char * name :
       { "gradientDot", "interpolate", "applySymbol", "resampleSpectrum", "krylovTurn", "cufftExecR2C" })
  {
    EXPECT_EQ(names.count(name), 1u) << name;
  }
  EXPECT_EQ(names.count("operator()"), 0u) << "the name of a lambda says nothing";
}
