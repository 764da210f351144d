// SPDX-License-Identifier: Apache-2.0
// What a rehearsal counts is what communicators send, to the byte and to the message, and what the formulas of
// doc/parallel.md say.
#include "operationTables.h"
#include "problems.h"
#include "threads.h"

#include "model/Characteristics.h"
#include "optimization/Preconditioner.h"
#include "registration/Rehearsal.h"

#include "gnr/Engine.h"
#include "gnr/ScalingModel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

Traffic
operator-(const Traffic & a, const Traffic & b)
{
  return { a.messages - b.messages, a.bytes - b.bytes };
}

void
expectEqual(const Traffic & counted, const Traffic & formula, const std::string & what)
{
  EXPECT_EQ(counted.messages, formula.messages) << what;
  EXPECT_EQ(counted.bytes, formula.bytes) << what;
}

/** What this rank sends while `operation` runs is that of the exchanges it was told of, of which `table` has just
 * these. Halo and transposition each by itself, reductions in sum (their tree is the communicator's own). */
void
expectTable(Communicator &                 communicator,
            test::ThreadTeam &             team,
            const std::function<void()> &  operation,
            const std::function<Table()> & table,
            const std::string &            name)
{
  const int         ranks = communicator.size(), rank = communicator.rank();
  const std::string what = name + ", rank " + std::to_string(rank) + " of " + std::to_string(ranks);
  Traffic           before[3];
  for (int purpose = 0; purpose < 3; ++purpose)
  {
    before[purpose] = communicator.traffic(static_cast<Purpose>(purpose));
  }
  team.told(rank).clear();
  operation();
  const Exchanges told = team.told(rank);
  Traffic         sent[3];
  for (int purpose = 0; purpose < 3; ++purpose)
  {
    sent[purpose] = communicator.traffic(static_cast<Purpose>(purpose)) - before[purpose];
  }
  const Exchanges expected = table().exchanges;
  EXPECT_FALSE(told < expected || expected < told) << what;

  Traffic counted[3];
  for (const auto & [exchange, times] : told)
  {
    const std::vector<Traffic> once = trafficOf(exchange, ranks);
    const bool                 isReduction = exchange.kind == Exchange::Kind::Reduction;
    for (int r = 0; r < ranks; ++r)
    {
      expectEqual(once[r], formulaOf(exchange, ranks, r), "process " + std::to_string(r) + " of " + what);
      if (r == rank || isReduction)
      {
        const int purpose = isReduction ? 2 : exchange.kind == Exchange::Kind::Halo ? 0 : 1;
        counted[purpose].messages += times * once[r].messages;
        counted[purpose].bytes += times * once[r].bytes;
      }
    }
  }
  expectEqual(sent[0], counted[0], "halo of " + what);
  expectEqual(sent[1], counted[1], "transposition of " + what);
  double total[2] = { static_cast<double>(sent[2].messages), static_cast<double>(sent[2].bytes) };
  communicator.sum(total, 2);
  EXPECT_EQ(total[0], static_cast<double>(counted[2].messages)) << "reductions of " << what;
  EXPECT_EQ(total[1], static_cast<double>(counted[2].bytes)) << "reductions of " << what;
}

class ScalingModel : public testing::TestWithParam<int>
{
protected:
  void
  onRanks(const std::function<void(Communicator &)> & work)
  {
    team_.run([&](const std::shared_ptr<Communicator> & communicator) { work(*communicator); });
  }
  void
  expect(Communicator &                 communicator,
         const std::function<void()> &  operation,
         const std::function<Table()> & table,
         const std::string &            name)
  {
    expectTable(communicator, team_, operation, table, name);
  }

private:
  test::ThreadTeam team_{ GetParam() };
};

/** A problem of two images on this rank's part of a grid, at a velocity. */
class Member
{
public:
  Member(const Grid & grid, Communicator & communicator, const Options & options, double amplitude)
    : options(options)
    , kernels(makeCpuKernels(1))
    , domain(grid, *kernels, communicator)
    , transform(domain)
    , fixed(part([](double x, double y, double z) { return problems::templateImage(x + 0.3, y - 0.2, z); }))
    , moving(part(problems::templateImage))
    , problem(transform,
              options,
              gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), domain, fixed.data(), moving.data()) })
    , v(domain.vector())
    , p(domain.vector())
    , out(domain.vector())
  {
    const auto velocity = problems::smoothVelocity(amplitude), direction = problems::smoothVelocity(0.7);
    for (int c = 0; c < 3; ++c)
    {
      fill(domain.view(v)[c], velocity[c]);
      fill(domain.view(p)[c], direction[c]);
    }
    motion.isMoving = amplitude > 0.0;
    motion.steps = problem.steps(domain.view(v));
    problem.setVelocity(domain.view(v), motion.steps, domain.view(out));
    problem.gradientOfTerms(domain.view(v), domain.view(out));
    // The halos that the solver has found: from the same departure points.
    const Buffer scratch = domain.vector(), d = domain.vector();
    const double h = 1.0 / motion.steps;
    const auto   largest = domain.maximaAbsolute(domain.view(v));
    departurePoints(domain, domain.view(v), largest, h, domain.view(d), domain.view(scratch));
    motion.departureHalo = interpolationHalo(domain, domain.view(d))[2];
    motion.velocityHalo = interpolationHalo(domain, domain.view(scratch))[2];
    departurePoints(domain, domain.view(v), largest, -h, domain.view(d), domain.view(scratch));
    motion.adjointHalo = interpolationHalo(domain, domain.view(d))[2];
  }

  GridSize
  size() const
  {
    return domain.grid().size;
  }

  Options                  options;
  std::unique_ptr<Kernels> kernels;
  Domain                   domain;
  FourierTransform         transform;
  Buffer                   fixed, moving;
  Objective                problem;
  Buffer                   v, p, out;
  Motion                   motion;

private:
  void
  fill(Real * data, const problems::Scalar & f)
  {
    const std::vector<Real> whole = problems::sample(domain.grid(), f);
    const std::size_t       plane = static_cast<std::size_t>(size()[0]) * size()[1];
    kernels->copyFromHost(whole.data() + plane * domain.slab().begin, data, domain.points() * sizeof(Real));
  }
  Buffer
  part(const problems::Scalar & f)
  {
    Buffer buffer = domain.scalar();
    fill(buffer.data(), f);
    return buffer;
  }
};

Grid
boxOf(int nx, int ny, int nz)
{
  Grid grid;
  grid.size = { { nx, ny, nz } };
  for (int a = 0; a < 3; ++a)
  {
    grid.spacing[a] = 2.0 * problems::pi / grid.size[a];
  }
  return grid;
}

/** No size is a multiple of the ranks; of 22 planes 8 ranks have 2 or 3, less than any halo but one. */
const Grid uneven = boxOf(18, 14, 22);

Options
optionsFor(Preconditioner preconditioner)
{
  Options options;
  options.similarity = SimilarityMeasure::SumOfSquares;
  options.beta = 1e-2;
  options.preconditioner = preconditioner;
  return options;
}

} // namespace

TEST_P(ScalingModel, HalosOfAnyWidth)
{
  // Divisible and not, thick and thin slabs, slabs without a plane, halos wider than the whole grid.
  for (const Grid & grid : { boxOf(6, 5, 32), boxOf(6, 5, 22), boxOf(4, 4, 6), boxOf(5, 3, 67) })
  {
    onRanks([&](Communicator & communicator) {
      const auto   kernels = makeCpuKernels(1);
      Domain       domain(grid, *kernels, communicator);
      const Buffer field = domain.vector();
      kernels->fill(field.data(), field.size(), Real(1));
      for (const int width : { 1, 4, 9, grid.size[2] + 2 })
      {
        const std::string name = std::to_string(grid.size[2]) + " planes, width " + std::to_string(width);
        expect(
          communicator,
          [&] { domain.padded(field.data(), { { 1, 1, width } }); },
          [&] { return Table().halo(grid.size, width); },
          name);
        expect(
          communicator,
          [&] { domain.padded(domain.view(field), { { 1, 1, width } }); },
          [&] { return Table().halo(grid.size, width, 3); },
          name + ", a vector");
      }
    });
  }
}

// The plain case by hand: thick slabs send `width` planes to both neighbours.
TEST(ScalingModelByHand, ThickSlabsSendTheirFaces)
{
  const GridSize size{ { 10, 12, 40 } };
  for (int rank = 0; rank < 4; ++rank)
  {
    expectEqual(test::haloTraffic(size, 4, rank, 7, 1), { 2, 2 * 7 * 10 * 12 * 4 }, "one field");
    expectEqual(test::haloTraffic(size, 4, rank, 7, 3), { 2, 3 * 2 * 7 * 10 * 12 * 4 }, "three fields");
    // 6 complex numbers of 8 bytes a row; 3 of 12 rows are its own, 30 of 40 planes those of others.
    expectEqual(
      test::forwardTraffic(size, test::RowsOf::OwnGrid, 12, 4, rank, 3), { 3 * 3, 3 * 6 * 8 * 10 * 9 }, "there");
    expectEqual(
      test::backwardTraffic(size, test::RowsOf::OwnGrid, 12, 4, rank, 3), { 3 * 3, 3 * 6 * 8 * 3 * 30 }, "back");
  }
  // A slab of one plane: 7 planes on both sides come from 7 others each.
  expectEqual(test::haloTraffic({ { 10, 12, 40 } }, 40, 3, 7, 1), { 14, 14 * 10 * 12 * 4 }, "thin");
  expectEqual(test::haloTraffic(size, 1, 0, 7, 1), {}, "alone");
  // The frequencies of a grid of half the size, |k| < 3, are those of the first and last rows of 12: ranks 0 and 3.
  expectEqual(
    test::backwardTraffic({ { 4, 6, 20 } }, test::RowsOf::FinerGrid, 12, 4, 0, 1), { 3, 3 * 8 * 3 * 15 }, "k = 0 1 2");
  expectEqual(test::backwardTraffic({ { 4, 6, 20 } }, test::RowsOf::FinerGrid, 12, 4, 1, 1), {}, "k = 3 4 5");
  expectEqual(
    test::backwardTraffic({ { 4, 6, 20 } }, test::RowsOf::FinerGrid, 12, 4, 3, 1), { 3, 3 * 8 * 2 * 15 }, "k = -2 -1");
  // A tree of 4: up 1 from 1, 2, 3; down 2 from the root and 1 from 2.
  for (const auto & [rank, messages] : { std::make_pair(0, 2), { 1, 1 }, { 2, 2 }, { 3, 1 } })
  {
    expectEqual(test::reductionTraffic(4, rank, 5), { std::uint64_t(messages), 40u * messages }, "tree");
  }
}

TEST_P(ScalingModel, Transpositions)
{
  const std::pair<Grid, Grid> grids[] = { { uneven, boxOf(8, 8, 12) },
                                          { boxOf(16, 16, 16), boxOf(8, 8, 8) },
                                          { boxOf(12, 15, 22), boxOf(8, 9, 11) },
                                          { boxOf(12, 10, 6), boxOf(8, 10, 6) } };
  for (const auto & pair : grids)
  {
    onRanks([&](Communicator & communicator) {
      const auto       kernels = makeCpuKernels(1);
      Domain           fine(pair.first, *kernels, communicator), coarse(pair.second, *kernels, communicator);
      FourierTransform transform(fine), low(coarse);
      const Buffer     field = fine.vector(), coarseField = coarse.vector();
      kernels->fill(field.data(), field.size(), Real(1));
      kernels->fill(coarseField.data(), coarseField.size(), Real(1));
      const GridSize &  f = pair.first.size, &c = pair.second.size;
      const Symbol      symbol = transform.symbol(Symbol::Kind::Gaussian);
      const std::string name = std::to_string(f[1]) + " to " + std::to_string(c[1]);
      for (const int components : { 1, 3 })
      {
        expect(
          communicator,
          [&] { transform.apply(symbol, field.data(), field.data(), components); },
          [&] { return Table().transforms(f, components); },
          name);
        expect(
          communicator,
          [&] { transform.resample(field.data(), low, coarseField.data(), components); },
          [&] {
            return Table()
              .transposition(true, f, f[1], true, 1, components)
              .transposition(false, c, f[1], false, 1, components);
          },
          name + " down");
        expect(
          communicator,
          [&] { low.resample(coarseField.data(), transform, field.data(), components); },
          [&] {
            return Table()
              .transposition(true, c, f[1], false, 1, components)
              .transposition(false, f, f[1], true, 1, components);
          },
          name + " up");
      }
    });
  }
}

TEST_P(ScalingModel, HessianProduct)
{
  std::vector<std::pair<std::string, Options>> cases(5, { "usual", optionsFor(Preconditioner::InvA) });
  cases[1].first = "no limits";
  cases[1].second.gradientLimit.reset();
  cases[1].second.divergenceLimit.reset();
  cases[2].first = "one limit, seven steps";
  cases[2].second.gradientLimit.reset();
  cases[2].second.timeSteps = 7;
  cases[3].first = "incompressible";
  cases[3].second.incompressible = true;
  cases[4].first = "linear";
  cases[4].second.interpolation = Interpolation::Linear;
  for (const auto & [name, options] : cases)
  {
    for (const double amplitude : { 0.0, 0.6, 6.0 }) // at rest, a voxel a step, beyond the neighbour's slab
    {
      onRanks([&, name = name, options = options](Communicator & communicator) {
        Member            member(uneven, communicator, options, amplitude);
        const std::string what = name + ", amplitude " + std::to_string(amplitude);
        if (amplitude == 6.0)
        {
          ASSERT_GT(member.motion.departureHalo, 4) << "the test tells nothing";
        }
        expect(
          communicator,
          [&] { member.problem.hessian(member.domain.view(member.p), member.domain.view(member.out)); },
          [&] { return productTable(uneven.size, options, member.motion, true); },
          "product, " + what);
        expect(
          communicator,
          [&] { member.problem.hessianOfTerms(member.domain.view(member.p), member.domain.view(member.out)); },
          [&] { return productTable(uneven.size, options, member.motion, false); },
          "data product, " + what);
      });
    }
  }
}

TEST_P(ScalingModel, Preconditioners)
{
  for (const auto kind : { Preconditioner::InvA, Preconditioner::InvH0, Preconditioner::TwoLevelInvH0 })
  {
    for (const bool incompressible : { false, true })
    {
      for (const double eta : { 0.9, 1e-9 }) // some inner iterations, and as many as may be
      {
        onRanks([&](Communicator & communicator) {
          Options options = optionsFor(kind);
          options.incompressible = incompressible;
          Member            member(uneven, communicator, options, 0.6);
          const auto        m = makePreconditioner(kind, member.problem);
          const std::string name = "preconditioner " + std::to_string(static_cast<int>(kind));
          expect(
            communicator,
            [&] { m->refresh(eta); },
            [&] { return refreshTable(uneven.size, options); },
            name + ", refresh");
          int inner = 0; // known afterwards only
          expect(
            communicator,
            [&] {
              m->apply(member.p.data(), member.out.data());
              inner = m->takeInnerIterations();
            },
            [&] { return preconditionerTable(uneven.size, options, inner); },
            name);
          if (kind != Preconditioner::InvA)
          {
            EXPECT_GT(inner, 0);
            EXPECT_EQ(inner == 10, eta < 0.1) << "both cases are to be met";
          }
        });
      }
    }
  }
}

TEST_P(ScalingModel, ObjectiveAndGradient)
{
  for (const double amplitude : { 0.0, 0.6, 6.0 })
  {
    onRanks([&](Communicator & communicator) {
      const Options     options = optionsFor(Preconditioner::InvA);
      Member            member(uneven, communicator, options, amplitude);
      Domain &          domain = member.domain;
      const std::string name = "amplitude " + std::to_string(amplitude);
      expect(
        communicator,
        [&] {
          member.problem.setVelocity(domain.view(member.v), member.motion.steps, domain.view(member.out));
          member.problem.distance();
        },
        [&] { return objectiveTable(uneven.size, member.motion); },
        "objective, " + name);
      expect(
        communicator,
        [&] {
          member.problem.gradientOfTerms(domain.view(member.v), domain.view(member.out));
          member.problem.regularizer().applyInverse(member.out.data(), member.p.data());
          domain.inner(member.p.data(), member.out.data(), 3 * domain.points());
        },
        [&] { return gradientTable(uneven.size, options, member.motion); },
        "gradient, " + name);
      expect(
        communicator,
        [&] {
          member.problem.regularizer().apply(member.v.data(), member.p.data());
          domain.inner(member.p.data(), member.v.data(), 3 * domain.points());
        },
        [&] { return Table().transforms(uneven.size, 3).reductions(1); },
        "regularization, " + name);
    });
  }
}

// A whole registration, its steps and iterations given: the transpositions do not depend on the velocity.
TEST_P(ScalingModel, TranspositionsOfWholeRegistrations)
{
  const Grid grid = boxOf(26, 22, 36);
  const auto image = [&](double shift) {
    return problems::image(grid, [=](double x, double y, double z) {
      const auto squared = [](double a) { return a * a; };
      return std::exp(-squared(x - 3.0 - shift) - squared(y - 3.2) - 2.0 * squared(z - 3.0 + shift)) + 0.05 * z;
    });
  };
  const std::vector<float> fixed = image(0.0), moving = image(0.2), ones(grid.points(), 1.0F);
  // Of the iterative preconditioners the inner iterations of each application would have to be known.
  struct Case
  {
    bool         isWeighted;
    BetaStrategy strategy;
  };
  for (const auto & [isWeighted, strategy] : { Case{ false, BetaStrategy::Fixed },
                                               Case{ true, BetaStrategy::Fixed },
                                               Case{ false, BetaStrategy::Continuation } })
  {
    Options options;
    options.similarity = SimilarityMeasure::SumOfSquares;
    options.preconditioner = Preconditioner::InvA;
    options.smoothing = isWeighted ? 1.0 : 0.0;
    options.device = Device::Cpu;
    options.threads = 1;
    options.levels = 2;
    options.maximumIterations = 2;
    options.beta = 1e-2;
    options.betaStrategy = strategy;
    options.gradientLimit = options.divergenceLimit = std::nullopt;
    onRanks([&, isWeighted = isWeighted](Communicator & communicator) {
      Problem problem{ grid, options };
      if (communicator.rank() == 0)
      {
        problem.fixed = { fixed.data(), wholeOf(problem.grid) };
        problem.moving = { moving.data(), wholeOf(problem.grid) };
        if (isWeighted)
        {
          problem.fixedWeight = { ones.data(), wholeOf(problem.grid) };
          problem.movingWeight = { ones.data(), wholeOf(problem.grid) };
        }
      }
      const std::shared_ptr<Communicator> ofTeam(&communicator, [](Communicator *) {});
      const Report                        report = makeEngine(ofTeam)->run(problem)->report();
      SolveAssumptions                    assumptions;
      assumptions.levels.assign(report.memoryPlan.levels.size(), {});
      for (const LevelRecord & level : report.levels)
      {
        LevelWork work;
        for (const IterationRecord & step : level.iterations)
        {
          ++work.newtonSteps;
          work.hessianProducts += step.krylovIterations;
          work.innerIterations += step.innerIterations;
        }
        assumptions.levels[level.level].push_back(work);
      }
      const ScalingPrediction prediction =
        predictScaling(report.memoryPlan, options, communicator.size(), cpuFigures(1), assumptions);
      const PredictedTraffic & formula = prediction.solve.of(Purpose::Transpose);
      const TrafficRecord &    counted = report.traffic[static_cast<int>(Purpose::Transpose)];
      expectEqual(counted.total, formula.total, "all");
      expectEqual(counted.most, formula.most, "most");
    });
  }
}

TEST(ScalingPrediction, TimesFollowTheFigures)
{
  MemoryPlan plan;
  plan.imageGrid.size = plan.solverGrid.size = { { 128, 128, 128 } };
  for (const int n : { 32, 64, 128 })
  {
    plan.levels.emplace_back();
    plan.levels.back().size = { { n, n, n } };
  }
  const Options        options = problems::ssdOptions();
  const ProcessFigures figures = cpuFigures(1);
  const auto           one = predictScaling(plan, options, 1, figures);
  EXPECT_EQ(one.solve.networkSeconds, 0.0);
  EXPECT_EQ(one.product.of(Purpose::Halo).total.bytes, 0u);
  const auto four = predictScaling(plan, options, 4, figures);
  // Slabs are equal: a quarter of the work and the halos besides, which are 2 x 7 planes beside 32.
  EXPECT_GT(four.product.computeSeconds, one.product.computeSeconds / 4);
  EXPECT_LT(four.product.computeSeconds, one.product.computeSeconds / 4 * (1.0 + 14.0 / 32.0));
  EXPECT_EQ(four.product.of(Purpose::Halo).total.bytes, 4 * four.product.of(Purpose::Halo).most.bytes);
  // By hand: 4 exchanges of 2 x 4 planes, 8 of 2 x 7.
  EXPECT_EQ(four.product.of(Purpose::Halo).most.bytes, 2u * (4 * 4 + 8 * 7) * 128 * 128 * 4);
  EXPECT_EQ(four.product.of(Purpose::Halo).most.messages, 2u * 12);
  // Twice the bandwidth and the rates: half the time but for calls; likewise the network.
  ProcessFigures fast = figures;
  fast.memoryBandwidth *= 2;
  fast.interpolations *= 2;
  fast.transforms *= 2;
  fast.networkBandwidth *= 2;
  fast.callSeconds /= 2;
  fast.latency /= 2;
  const auto half = predictScaling(plan, options, 4, fast);
  EXPECT_NEAR(half.solve.computeSeconds / four.solve.computeSeconds, 0.5, 1e-12);
  EXPECT_NEAR(half.solve.networkSeconds / four.solve.networkSeconds, 0.5, 1e-12);
  EXPECT_EQ(half.memory.fieldBytes, four.memory.fieldBytes);
  EXPECT_LT(four.memory.fieldBytes, one.memory.fieldBytes / 3);
}

INSTANTIATE_TEST_SUITE_P(Ranks, ScalingModel, testing::Values(1, 2, 3, 4, 5, 8));
