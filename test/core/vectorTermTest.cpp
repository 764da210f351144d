// SPDX-License-Identifier: Apache-2.0
// Several channels in vector form [C1]-[C4]: adjointness of the transport, agreement with the channel-by-channel form,
// derivatives of the objective.
#include "problems.h"

#include "model/ChannelwiseTerm.h"
#include "model/Objective.h"
#include "model/VectorTerm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace
{

using gnr::Buffer;
using problems::Bench;
using problems::direction;

double
secondImage(double x, double y, double z)
{
  return 0.5 + 0.3 * std::sin(x + y) * std::cos(z - 0.4) + 0.2 * std::cos(2 * y);
}

double
thirdImage(double x, double y, double z)
{
  return 0.4 + 0.4 * std::cos(x - 0.2) * std::sin(z + y);
}

problems::Scalar
moved(double (*image)(double, double, double))
{
  return [=](double x, double y, double z) {
    return image(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z - 0.1 * std::cos(x));
  };
}

struct Paths
{
  Paths(int n, int steps, double amplitude)
    : bench(problems::cube(n))
    , domain(bench.domain())
    , trajectory(domain, gnr::Interpolation::Cubic)
    , transport(domain, trajectory)
    , v(bench.vector(problems::smoothVelocity(amplitude)))
    , scratch(domain.vector())
  {
    trajectory.setVelocity(domain.view(v), steps, domain.view(scratch));
    trajectory.prepareBackward(domain.view(v), domain.view(scratch));
    transport.follow();
  }

  double
  relativeDifference(const Buffer & a, const Buffer & b)
  {
    Buffer d(bench.kernels(), a.size());
    bench.kernels().combine(1, a.data(), -1, b.data(), d.data(), d.size());
    return std::sqrt(bench.inner(d, d) / bench.inner(b, b));
  }

  Bench                bench;
  gnr::Domain &        domain;
  gnr::Trajectory      trajectory;
  gnr::VectorTransport transport;
  Buffer               v, scratch;
};

// int p dt is the transpose of vt -> z(1).
TEST(VectorTransport, pushAndIntegralAreTransposes)
{
  Paths        s(64, 8, 0.5);
  const Buffer x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
  Buffer       z = s.domain.vector(), p = s.domain.vector(), b = s.domain.vector();
  s.transport.push(s.domain.view(x), s.domain.view(z));
  s.bench.kernels().copy(y.data(), p.data(), p.size());
  s.transport.integrate(s.domain.view(p), false, s.domain.view(b));
  const double forward = s.bench.inner(z, y), backward = s.bench.inner(x, b);
  EXPECT_NEAR(backward, forward, 1e-4 * std::abs(forward));
}

// mt(1) = -z(1) . grad m(1) for every image; both sides err by the time steps, here O(1/8^2).
TEST(VectorTransport, directionsGiveTheIncrementalStates)
{
  Paths        s(64, 8, 0.5);
  const Buffer x = s.bench.vector(direction(0.4)), m0 = s.bench.scalar(secondImage);
  Buffer       z = s.domain.vector(), expected = s.domain.scalar(), m = s.domain.scalar(), mt = s.domain.scalar();
  gnr::State   state{ m0.data(), {} };
  s.trajectory.solve(state);
  s.trajectory.incrementalState(state, s.domain.view(x), expected.data());
  s.transport.push(s.domain.view(x), s.domain.view(z));
  s.transport.deform(m0.data(), gnr::Interpolation::Cubic, m.data());
  s.bench.kernels().gradientDot(s.domain.padded(m.data(), { { 4, 4, 4 } }),
                                s.domain.inverseSpacing(),
                                s.domain.view(z),
                                gnr::Real(-1),
                                gnr::Real(0),
                                mt.data());
  EXPECT_LT(s.relativeDifference(mt, expected), 2e-3);
}

TEST(VectorTransport, atRestNothingMoves)
{
  Paths        s(16, 4, 0.0);
  const Buffer x = s.bench.vector(direction(0.4)), m0 = s.bench.scalar(secondImage);
  Buffer       z = s.domain.vector(), b = s.domain.vector(), m = s.domain.scalar();
  s.transport.push(s.domain.view(x), s.domain.view(z));
  s.transport.integrate(s.domain.view(z), false, s.domain.view(b));
  s.transport.deform(m0.data(), gnr::Interpolation::Cubic, m.data());
  EXPECT_EQ(s.bench.read(b.data(), b.size()), s.bench.read(x.data(), x.size()));
  EXPECT_EQ(s.bench.read(m.data(), m.size()), s.bench.read(m0.data(), m0.size()));
}

/** Three channels with a weight, in one form or the other. */
struct Channels
{
  explicit Channels(int n, int steps)
    : bench(problems::cube(n))
    , domain(bench.domain())
    , steps(steps)
    , fixed{ bench.scalar(moved(problems::templateImage)),
             bench.scalar(moved(secondImage)),
             bench.scalar(moved(thirdImage)) }
    , moving{ bench.scalar(problems::templateImage), bench.scalar(secondImage), bench.scalar(thirdImage) }
    , weight(bench.scalar([](double x, double y, double) { return 0.5 + 0.4 * std::cos(x) * std::sin(y); }))
    , v(bench.vector(problems::smoothVelocity(0.5)))
    , scratch(domain.vector())
    , trajectory(domain, gnr::Interpolation::Cubic)
  {
    set.comparisons = gnr::compare(gnr::makeMeasures({}), domain, fixed[0].data(), moving[0].data());
    for (int k = 1; k < 3; ++k)
    {
      set.comparisons[0].channels.push_back({ fixed[k].data(), moving[k].data() });
    }
    set.fixedWeight = weight.data();
  }

  void
  go(gnr::DataTerm & term, const Buffer & velocity)
  {
    trajectory.setVelocity(domain.view(velocity), steps, domain.view(scratch));
    term.follow();
  }
  Buffer
  gradient(gnr::DataTerm & term)
  {
    Buffer b = domain.vector();
    go(term, v);
    trajectory.prepareBackward(domain.view(v), domain.view(scratch));
    term.addGradient(domain.view(v), false, domain.view(b));
    return b;
  }
  Buffer
  hessian(gnr::DataTerm & term, const Buffer & p)
  {
    Buffer q = domain.vector();
    term.addHessian(domain.view(p), false, domain.view(q));
    return q;
  }
  double
  valueAt(gnr::DataTerm & term, const Buffer & w, double epsilon)
  {
    Buffer trial = domain.vector();
    bench.kernels().combine(1, v.data(), gnr::Real(epsilon), w.data(), trial.data(), trial.size());
    go(term, trial);
    return term.value(domain.view(trial));
  }
  double
  relativeDifference(const Buffer & a, const Buffer & b)
  {
    Buffer d(bench.kernels(), a.size());
    bench.kernels().combine(1, a.data(), -1, b.data(), d.data(), d.size());
    return std::sqrt(bench.inner(d, d) / bench.inner(b, b));
  }

  Bench           bench;
  gnr::Domain &   domain;
  int             steps;
  Buffer          fixed[3], moving[3];
  Buffer          weight, v, scratch;
  gnr::Trajectory trajectory;
  gnr::ImageSet   set;
  gnr::Options    options;
};

TEST(VectorTerm, agreesWithTheChannelsOneByOne)
{
  Channels             s(64, 8);
  gnr::VectorTerm      together(s.trajectory, s.domain, s.options, s.set, s.set.comparisons[0].channels);
  gnr::ChannelwiseTerm apart(s.trajectory, s.domain, s.set, s.set.comparisons[0]);
  const Buffer         p = s.bench.vector(direction(0.4));
  const Buffer         b = s.gradient(together), q = s.hessian(together, p);
  const Buffer         expectedB = s.gradient(apart), expectedQ = s.hessian(apart, p);
  EXPECT_NEAR(together.value(s.domain.view(s.v)) / apart.value(s.domain.view(s.v)), 1.0, 1e-3);
  EXPECT_LT(s.relativeDifference(b, expectedB), 5e-3);
  EXPECT_LT(s.relativeDifference(q, expectedQ), 5e-3);
}

TEST(VectorTerm, gradientIsTheDerivativeOfTheValue)
{
  Channels        s(64, 8);
  gnr::VectorTerm term(s.trajectory, s.domain, s.options, s.set, s.set.comparisons[0].channels);
  const Buffer    w = s.bench.vector(direction(0.4)), b = s.gradient(term);
  const double    e = 1e-2, difference = (s.valueAt(term, w, e) - s.valueAt(term, w, -e)) / (2 * e);
  EXPECT_NEAR(s.bench.inner(b, w) / difference, 1.0, 1e-2);
}

TEST(VectorTerm, hessianIsSymmetricAndNotNegative)
{
  Channels        s(64, 8);
  gnr::VectorTerm term(s.trajectory, s.domain, s.options, s.set, s.set.comparisons[0].channels);
  const Buffer    x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
  s.gradient(term);
  const Buffer hx = s.hessian(term, x), hy = s.hessian(term, y);
  const double a = s.bench.inner(hx, y), b = s.bench.inner(x, hy);
  EXPECT_NEAR(a, b, 1e-4 * std::sqrt(s.bench.inner(hx, x) * s.bench.inner(hy, y)));
  EXPECT_GT(s.bench.inner(hx, x), 0.0);
  EXPECT_GT(s.bench.inner(hy, y), 0.0);
}

} // namespace
