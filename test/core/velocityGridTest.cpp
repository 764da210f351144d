// SPDX-License-Identifier: Apache-2.0
// A velocity that lives on a coarser grid than the images: prolongation and its adjoint, derivatives of the objective,
// whole solves.
#include "problems.h"
#include "threads.h"

#include "model/Objective.h"
#include "optimization/Preconditioner.h"
#include "registration/Pyramid.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace
{

using namespace gnr;
using problems::Bench;
using problems::direction;

/** The box of some images with two grids, whose first points need not be one. */
struct TwoGrids
{
  TwoGrids(const Grid & fine, const GridSize & size, const std::array<double, 3> & origin)
    : images(fine)
    , imageTransform(images.domain())
    , domain(coarser(fine, size), images.kernels(), images.domain().communicator(), origin)
    , transform(domain)
    , prolongation(transform, imageTransform)
  {}

  static Grid
  coarser(const Grid & fine, const GridSize & size)
  {
    Grid grid;
    grid.size = size;
    for (int a = 0; a < 3; ++a)
    {
      grid.spacing[a] = fine.length(a) / size[a];
    }
    return grid;
  }

  /** Values of a field at the points of the velocity. */
  Buffer
  vector(const std::array<problems::Scalar, 3> & f)
  {
    Buffer                result = domain.vector();
    std::vector<Real>     values;
    const Grid &          grid = domain.grid();
    std::array<double, 3> x{};
    for (int c = 0; c < 3; ++c)
    {
      for (std::size_t i = 0; i < grid.points(); ++i)
      {
        const int at[3] = { static_cast<int>(i % grid.size[0]),
                            static_cast<int>(i / grid.size[0] % grid.size[1]),
                            static_cast<int>(i / grid.size[0] / grid.size[1]) };
        for (int a = 0; a < 3; ++a)
        {
          x[a] = 2.0 * problems::pi * (domain.origin()[a] + static_cast<double>(at[a]) / grid.size[a]);
        }
        values.push_back(static_cast<Real>(f[c](x[0], x[1], x[2])));
      }
    }
    images.kernels().copyFromHost(values.data(), result.data(), values.size() * sizeof(Real));
    return result;
  }
  Buffer
  prolonged(const Buffer & v)
  {
    Buffer result = images.domain().vector();
    prolongation.prolong(domain.view(v), images.domain().view(result));
    return result;
  }
  Buffer
  restricted(const Buffer & b)
  {
    Buffer result = domain.vector();
    prolongation.adjoint(images.domain().view(b), domain.view(result));
    return result;
  }
  /** ||a - b|| / ||b|| of fields of the velocity's grid, or of the other. */
  double
  difference(const Buffer & a, const Buffer & b)
  {
    Buffer rest(images.kernels(), a.size());
    images.kernels().combine(Real(1), a.data(), Real(-1), b.data(), rest.data(), rest.size());
    return std::sqrt(images.inner(rest, rest) / images.inner(b, b));
  }
  double
  inner(const Buffer & a, const Buffer & b)
  {
    return domain.inner(a.data(), b.data(), a.size());
  }

  Bench            images;
  FourierTransform imageTransform;
  Domain           domain;
  FourierTransform transform;
  Prolongation     prolongation;
};

struct Sizes
{
  GridSize              fine, coarse;
  std::array<double, 3> spacing, origin;
};

const std::vector<Sizes> &
sizes()
{
  static const std::vector<Sizes> all = {
    { { { 16, 16, 16 } }, { { 8, 8, 8 } }, { { 1, 1, 1 } }, { { 0, 0, 0 } } },
    { { { 20, 18, 24 } }, { { 10, 10, 12 } }, { { 0.5, 1.1, 0.9 } }, { { 0.01, -0.02, 0.03 } } },
    // An even number of points: components of a vector field, one behind the other, begin where a GPU can transform
    // them.
    { { { 15, 22, 27 } }, { { 8, 11, 14 } }, { { 1, 2, 3 } }, { { 0.1, 0.02, 0.0 } } },
    { { { 15, 22, 10 } }, { { 7, 11, 10 } }, { { 1, 1, 4 } }, { { 0.0, 0.3, 0.0 } } },
    { { { 16, 12, 10 } }, { { 8, 12, 10 } }, { { 1, 2, 2 } }, { { 0.03, 0.0, 0.0 } } },
  };
  return all;
}

Buffer
random(Bench & bench, std::size_t values, unsigned seed)
{
  std::mt19937                     generator(seed);
  std::normal_distribution<double> normal;
  std::vector<Real>                host(values);
  for (Real & x : host)
  {
    x = static_cast<Real>(normal(generator));
  }
  Buffer result(bench.kernels(), values);
  bench.kernels().copyFromHost(host.data(), result.data(), values * sizeof(Real));
  return result;
}

Grid
gridOf(const Sizes & s)
{
  return { s.fine, s.spacing };
}

// White noise has every wave, those at the Nyquist frequencies among them.
TEST(Prolongation, restrictionIsTheAdjoint)
{
  for (const Sizes & s : sizes())
  {
    TwoGrids     grids(gridOf(s), s.coarse, s.origin);
    const Buffer u = random(grids.images, 3 * grids.domain.points(), 1);
    const Buffer w = random(grids.images, 3 * grids.images.domain().points(), 2);
    const double a = grids.images.inner(grids.prolonged(u), w), b = grids.inner(u, grids.restricted(w));
    const double scale = std::sqrt(grids.inner(u, u) * grids.images.inner(w, w));
    EXPECT_LE(std::abs(a - b), 1e-6 * scale) << s.fine[0] << " to " << s.coarse[0];
  }
}

TEST(Prolongation, isExactForWavesThatBothGridsCarry)
{
  const std::array<problems::Scalar, 3> field{
    { [](double x, double y, double z) { return std::cos(3 * x - 0.4) * std::sin(2 * y) + std::cos(3 * z + 1.0); },
      [](double x, double y, double z) { return 0.5 + std::sin(x + 3 * y - 2 * z); },
      [](double x, double, double z) { return std::sin(2 * x) * std::cos(3 * z - 0.2); } }
  };
  for (const Sizes & s : sizes())
  {
    TwoGrids     grids(gridOf(s), s.coarse, s.origin);
    const Buffer fine = grids.images.vector(field), coarse = grids.vector(field);
    EXPECT_LE(grids.difference(grids.prolonged(coarse), fine), 1e-5);
    EXPECT_LE(grids.difference(grids.restricted(fine), coarse), 1e-5);
  }
}

/** The grid that the solver takes is half as fine where the spacing is close to the smallest. */
TEST(VelocityGrid, halvesAxesOfSmallSpacing)
{
  const Grid images{ { { 64, 60, 40 } }, { { 1.0, 1.2, 3.0 } } };
  EXPECT_EQ(velocityGridOf(images, images, VelocityGrid::Full).grid, images);
  const Grid half = velocityGridOf(images, images, VelocityGrid::Half).grid;
  EXPECT_EQ(half.size, (GridSize{ { 32, 30, 40 } }));
  for (int a = 0; a < 3; ++a)
  {
    EXPECT_NEAR(half.length(a), images.length(a), 1e-12 * images.length(a));
  }
}

/** Which is a matter of the voxels of the image, whatever the padding. */
TEST(VelocityGrid, isHalfOfLargeImages)
{
  const Grid large{ { { 200, 200, 200 } } }, small{ { { 200, 200, 199 } } };
  EXPECT_EQ(velocityGridOf(large, large, VelocityGrid::Automatic).grid,
            velocityGridOf(large, large, VelocityGrid::Half).grid);
  EXPECT_EQ(velocityGridOf(large, large, VelocityGrid::Automatic).grid.size, (GridSize{ { 100, 100, 100 } }));
  EXPECT_EQ(velocityGridOf(large, small, VelocityGrid::Automatic).grid, large);
}

//---- the objective
//-----------------------------------------------------------------------------------------------------

/** One problem with the velocity on half of the grid, and on all of it. */
struct Pair
{
  explicit Pair(const char * similarity, Options o = {}, double amplitude = 0.5)
    : grids(problems::cube(48), { { 24, 24, 24 } }, { { 0.25 / 24, -0.25 / 24, 0.0 } })
    , options(fill(std::move(o)))
    , fixed(grids.images.scalar([](double x, double y, double z) {
      return problems::templateImage(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z - 0.1 * std::cos(x));
    }))
    , moving(grids.images.scalar(problems::templateImage))
    , weight(grids.images.scalar([](double x, double y, double) { return 0.6 + 0.4 * std::cos(x) * std::sin(y); }))
    , set{ compare(makeMeasures(*SimilaritySum::read(similarity)), grids.images.domain(), fixed.data(), moving.data()),
           weight.data() }
    , half(grids.transform, grids.imageTransform, options, set)
    , full(grids.imageTransform, options, set)
    , v(grids.vector(problems::smoothVelocity(amplitude)))
    , scratch(grids.domain.vector())
  {}

  static Options
  fill(Options o)
  {
    o.timeSteps = 6;
    return o;
  }
  VectorView
  view(const Buffer & b)
  {
    return grids.domain.view(b);
  }
  VectorView
  fineView(const Buffer & b)
  {
    return grids.images.domain().view(b);
  }

  /** J at v + epsilon w. */
  double
  objective(const Buffer & w, double epsilon)
  {
    Buffer trial = grids.domain.vector(), av = grids.domain.vector();
    grids.images.kernels().combine(1, v.data(), static_cast<Real>(epsilon), w.data(), trial.data(), trial.size());
    half.setVelocity(view(trial), options.timeSteps, view(scratch));
    half.regularizer().apply(trial.data(), av.data());
    return half.distance() + 0.5 * grids.inner(trial, av) + half.velocityPenalty(view(trial));
  }
  Buffer
  gradient()
  {
    Buffer g = grids.domain.vector(), av = grids.domain.vector();
    half.setVelocity(view(v), options.timeSteps, view(scratch));
    half.gradientOfTerms(view(v), view(g));
    half.regularizer().apply(v.data(), av.data());
    grids.images.kernels().axpby(1, av.data(), 1, g.data(), g.size());
    return g;
  }
  Buffer
  hessian(const Buffer & w)
  {
    Buffer q = grids.domain.vector();
    half.hessian(view(w), view(q));
    return q;
  }

  TwoGrids  grids;
  Options   options;
  Buffer    fixed, moving, weight;
  ImageSet  set;
  Objective half, full;
  Buffer    v, scratch;
};

Options
withoutLimits()
{
  Options options;
  options.gradientLimit.reset();
  options.divergenceLimit.reset();
  return options;
}

// P^T g(P v) and P^T H P p, with A, which is one operator on both grids, among the terms. The limits are differences on
// the velocity's own grid.
TEST(VelocityGrid, derivativesAreThoseOfTheFineGridRestricted)
{
  const std::pair<const char *, double> cases[] = {
    { "ssd", 0.5 }, { "lncc", 0.5 }, { "mind", 0.5 }, { "ssd+0.5*lncc+2*mind", 0.5 }, { "ssd", 0.0 }
  };
  for (const auto & [similarity, amplitude] : cases)
  {
    SCOPED_TRACE(similarity);
    Pair         s(similarity, withoutLimits(), amplitude);
    const Buffer p = s.grids.vector(direction(0.4)), v = s.grids.prolonged(s.v), pFine = s.grids.prolonged(p);
    const Buffer g = s.gradient(), hp = s.hessian(p);
    const double distance = s.half.distance();

    Buffer fine = s.grids.images.domain().vector(), a = s.grids.images.domain().vector();
    s.full.setVelocity(s.fineView(v), s.options.timeSteps, s.fineView(fine));
    EXPECT_NEAR(distance / s.full.distance(), 1.0, 1e-5);
    s.full.gradientOfTerms(s.fineView(v), s.fineView(fine));
    s.full.regularizer().apply(v.data(), a.data());
    s.grids.images.kernels().axpby(1, a.data(), 1, fine.data(), fine.size());
    EXPECT_LE(s.grids.difference(g, s.grids.restricted(fine)), 1e-4);
    s.full.hessian(s.fineView(pFine), s.fineView(fine));
    EXPECT_LE(s.grids.difference(hp, s.grids.restricted(fine)), 1e-4);
  }
}

// J(v + e w) - J(v) - e <g, w> = O(e^2), so halving e divides it by about four.
TEST(VelocityGrid, taylorRemainderIsOfSecondOrder)
{
  Pair         s("ssd");
  const Buffer w = s.grids.vector(direction(0.4));
  const Buffer g = s.gradient();
  problems::expectSecondOrderRemainder([&](double e) { return s.objective(w, e); }, s.grids.inner(g, w));
}

TEST(VelocityGrid, hessianIsSymmetricAndPositive)
{
  for (const char * similarity : { "ssd", "mind" })
  {
    Pair         s(similarity);
    const Buffer x = s.grids.vector(direction(0.4)), y = s.grids.vector(direction(1.3));
    s.gradient();
    const Buffer hx = s.hessian(x), hy = s.hessian(y);
    const double a = s.grids.inner(hx, y), b = s.grids.inner(x, hy);
    EXPECT_LE(std::abs(a - b), 1e-4 * std::sqrt(s.grids.inner(hx, x) * s.grids.inner(hy, y))) << similarity;
    EXPECT_GT(s.grids.inner(hx, x), 0.0);
  }
}

// At v = 0 the Hessian is H0 [K2]. The velocity's grid carries x and its products with the gradient of the image, so
// that none of its frequencies may be left to A alone.
TEST(VelocityGrid, twoLevelPreconditionerInvertsTheHessianAtZeroVelocity)
{
  Options options = withoutLimits();
  options.beta = 0.1;
  options.gamma = 1.0;
  Pair         s("ssd", options, 0.0);
  const Buffer x = s.grids.vector(problems::smoothVelocity(1.0));
  s.gradient();
  const Buffer hx = s.hessian(x);
  const auto   inverted = [&](Preconditioner kind) {
    const auto m = makePreconditioner(kind, s.half);
    Buffer     z = s.grids.domain.vector();
    m->refresh(1e-6);
    m->apply(hx.data(), z.data());
    return z;
  };
  EXPECT_LT(s.grids.difference(inverted(Preconditioner::TwoLevelInvH0), x), 1e-3);
  EXPECT_GT(s.grids.difference(inverted(Preconditioner::InvA), x), 0.1) << "the test tells nothing";
}

//---- whole solves
//-------------------------------------------------------------------------------------------------------

/** A warped template on a grid, to be registered to the template. */
struct Images
{
  explicit Images(const Grid & g)
    : grid(g)
    , fixed(problems::image(grid, problems::templateImage))
    , moving(problems::image(grid, [](double x, double y, double z) {
      return problems::templateImage(x + 0.4 * std::sin(x + 0.3), y + 0.3 * std::sin(z), z + 0.2 * std::cos(x + y));
    }))
  {
    options.device = problems::solveDevice();
    options.threads = 1;
    options.periodic = true;
    options.beta = 1e-2;
    options.gridScale = 0.0;
    options.velocityGrid = VelocityGrid::Half;
  }

  Grid               grid;
  std::vector<float> fixed, moving;
  Options            options;
};

struct Outcome
{
  std::vector<float> displacement;
  Report             report;
};

Outcome
solve(const Images & images, int ranks = 1)
{
  Outcome          outcome;
  test::ThreadTeam team(ranks);
  outcome.displacement.resize(3 * images.grid.points());
  team.run([&](const std::shared_ptr<Communicator> & communicator) {
    Problem    problem{ images.grid, images.options };
    const bool isRoot = communicator->rank() == 0;
    if (isRoot)
    {
      problem.fixed = { images.fixed.data(), wholeOf(images.grid) };
      problem.moving = { images.moving.data(), wholeOf(images.grid) };
    }
    const auto   solution = makeEngine(communicator)->run(problem);
    const Report report = solution->report();
    solution->read(Field::Displacement,
                   isRoot ? OutputBlock{ outcome.displacement.data(), wholeOf(images.grid) } : OutputBlock{});
    if (isRoot)
    {
      outcome.report = report;
    }
  });
  return outcome;
}

/** In voxels, along any axis. */
double
largestDifference(const Grid & grid, const std::vector<float> & a, const std::vector<float> & b)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, std::abs(double(a[i]) - double(b[i])) / grid.spacing[i % 3]);
  }
  return largest;
}

// The velocity that is sought has waves of a few periods a box, which half the grid carries.
TEST(VelocityGrid, smoothDeformationsAreFoundAsOnTheFullGrid)
{
  Images images(problems::cube(40));
  images.options.gradientTolerance = 1e-3;
  images.options.objectiveTolerance = 1e-5;
  const Outcome half = solve(images);
  images.options.velocityGrid = VelocityGrid::Full;
  const Outcome full = solve(images);
  EXPECT_EQ(half.report.levels.back().velocityGrid.size, (GridSize{ { 20, 20, 20 } }));
  EXPECT_EQ(full.report.levels.back().velocityGrid.size, (GridSize{ { 40, 40, 40 } }));
  EXPECT_LE(half.report.mismatch, 1.02 * full.report.mismatch);
  EXPECT_LE(largestDifference(images.grid, half.displacement, full.displacement), 0.1);
}

TEST(VelocityGrid, severalProcessesFindTheSame)
{
  Images images({ { 34, 30, 28 }, { { 1.0, 1.1, 0.9 } } });
  for (const auto preconditioner : { Preconditioner::TwoLevelInvH0, Preconditioner::InvH0, Preconditioner::InvA })
  {
    images.options.preconditioner = preconditioner;
    const Outcome one = solve(images);
    ASSERT_GE(one.report.newtonSteps, 2);
    for (const int ranks : { 2, 3 })
    {
      const Outcome several = solve(images, ranks);
      EXPECT_EQ(several.report.newtonSteps, one.report.newtonSteps);
      EXPECT_LE(largestDifference(images.grid, several.displacement, one.displacement), 1e-3) << ranks;
    }
  }
}

} // namespace
