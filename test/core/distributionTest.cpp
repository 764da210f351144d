// SPDX-License-Identifier: Apache-2.0
// What is shared by several processes is what one process has: halos, transforms, resampling; and what it costs.
#include "problems.h"
#include "slabs.h"
#include "threads.h"

#include "parallel/FourierTransform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

using namespace gnr;
using gnr::test::noise;
using gnr::test::part;

namespace
{

/** Each rank has its own kernels, with one thread. */
struct Member
{
  Member(const Grid & grid, Communicator & communicator)
    : kernels(makeCpuKernels(1))
    , domain(grid, *kernels, communicator)
  {}
  std::unique_ptr<Kernels> kernels;
  Domain                   domain;
};

/** A value that tells the point that it belongs to. */
Real
valueAt(int i, int j, int k)
{
  return Real(i + 100 * j + 10000 * k);
}

/** Compares this rank's part with the result of one process, to the bit: each line is transformed by itself. */
void
expectPart(Domain & domain, const Buffer & result, const std::vector<Real> & whole, int components)
{
  const std::size_t plane = static_cast<std::size_t>(domain.grid().size[0]) * domain.grid().size[1];
  for (int c = 0; c < components; ++c)
  {
    std::vector<Real> own(domain.points());
    domain.kernels().copyToHost(result.data() + c * domain.points(), own.data(), own.size() * sizeof(Real));
    for (std::size_t i = 0; i < own.size(); ++i)
    {
      ASSERT_EQ(own[i], whole[c * domain.grid().points() + plane * domain.slab().begin + i])
        << "component " << c << ", value " << i << " of rank " << domain.communicator().rank();
    }
  }
}

std::vector<Real>
wholeOf(Domain & domain, const Buffer & field)
{
  std::vector<Real> values(field.size());
  domain.kernels().copyToHost(field.data(), values.data(), values.size() * sizeof(Real));
  return values;
}

Symbol
regularization(const FourierTransform & transform)
{
  Symbol symbol = transform.symbol(Symbol::Kind::InverseRegularization);
  symbol.beta = 1e-3;
  symbol.gamma = 8.0;
  return symbol;
}

class Distribution : public testing::TestWithParam<int>
{
protected:
  void
  onRanks(const std::function<void(Communicator &)> & work)
  {
    test::ThreadTeam team(GetParam());
    team.run([&](const std::shared_ptr<Communicator> & communicator) { work(*communicator); });
  }

  const Grid fine{ { 12, 14, 22 }, { { 1.0, 1.5, 2.0 } } };
  const Grid coarse{ { 8, 8, 11 }, { { 1.5, 1.5 * 14 / 8, 4.0 } } };
};

} // namespace

TEST_P(Distribution, SlabsCoverTheGridAndKnowTheirOwner)
{
  for (const int planes : { 1, 4, 7, 22, 64, 101 })
  {
    int next = 0;
    for (int rank = 0; rank < GetParam(); ++rank)
    {
      const Slab slab = slabOf(planes, GetParam(), rank);
      EXPECT_EQ(slab.begin, next);
      EXPECT_LE(std::abs(slab.size() - planes / GetParam()), 1);
      for (int plane = slab.begin; plane < slab.end; ++plane)
      {
        EXPECT_EQ(ownerOf(plane, planes, GetParam()), rank);
      }
      next = slab.end;
    }
    EXPECT_EQ(next, planes);
  }
}

TEST_P(Distribution, HalosHoldThePeriodicField)
{
  // Up to halos that are wider than a slab, and than the grid; and slabs without any plane.
  for (const Grid & grid : { Grid{ { 6, 5, 22 }, {} }, Grid{ { 4, 4, 6 }, {} } })
  {
    onRanks([&](Communicator & communicator) {
      Member            member(grid, communicator);
      Domain &          domain = member.domain;
      const auto &      n = grid.size;
      std::vector<Real> values;
      for (int k = 0; k < n[2]; ++k)
      {
        for (int j = 0; j < n[1]; ++j)
        {
          for (int i = 0; i < n[0]; ++i)
          {
            values.push_back(valueAt(i, j, k));
          }
        }
      }
      std::vector<Real> vectors;
      for (int c = 0; c < 3; ++c)
      {
        for (const Real value : values)
        {
          vectors.push_back((c + 1) * value);
        }
      }
      const Buffer field = part(domain, vectors, 3);
      for (const int width : { 1, 4, 9, n[2] + 2 })
      {
        const Halo   halo{ { 2, 1, width } };
        const Padded one = domain.padded(field.data(), halo, 0);
        const auto   check = [&](const Padded & padded, Real factor) {
          for (int k = -width; k < padded.interior.nz + width && padded.interior.nz > 0; ++k)
          {
            for (int j = -1; j <= n[1]; ++j)
            {
              for (int i = -2; i <= n[0] + 1; ++i)
              {
                const auto around = [](int index, int size) { return ((index % size) + size) % size; };
                ASSERT_EQ(padded.origin[i + j * padded.rowStride + k * padded.planeStride],
                          factor * valueAt(around(i, n[0]), around(j, n[1]), around(k + domain.slab().begin, n[2])));
              }
            }
          }
        };
        check(one, 1);
        const std::array<Padded, 3> all = domain.padded(domain.view(field), halo);
        for (int c = 0; c < 3; ++c)
        {
          check(all[c], Real(c + 1));
        }
      }
    });
  }
}

TEST_P(Distribution, TransformsGiveTheBitsOfOneProcess)
{
  for (const int components : { 1, 3 })
  {
    const std::vector<Real> in = noise(components * fine.points(), components);
    const auto              applied = [&](Domain & domain) {
      FourierTransform transform(domain);
      const Buffer     source = part(domain, in, components);
      Buffer           out(domain.kernels(), components * domain.points());
      Symbol           symbol = regularization(transform);
      symbol.gamma = components == 1 ? 0.0 : symbol.gamma;
      transform.apply(symbol, source.data(), out.data(), components);
      return out;
    };
    const std::shared_ptr<Communicator> self = makeSelfCommunicator();
    Member                              alone(fine, *self);
    const std::vector<Real>             expected = wholeOf(alone.domain, applied(alone.domain));
    onRanks([&](Communicator & communicator) {
      Member       member(fine, communicator);
      const Buffer out = applied(member.domain);
      expectPart(member.domain, out, expected, components);
    });
  }
}

TEST_P(Distribution, ResamplingGivesTheBitsOfOneProcess)
{
  const std::pair<const Grid *, const Grid *> ways[] = { { &fine, &coarse }, { &coarse, &fine }, { &fine, &fine } };
  for (const auto & way : ways)
  {
    const std::vector<Real> in = noise(3 * way.first->points(), 7);
    const auto              resampled = [&](Domain & from, Domain & to) {
      FourierTransform transform(from), target(to);
      const Buffer     source = part(from, in, 3);
      Buffer           out = to.vector();
      transform.resample(source.data(), target, out.data(), 3);
      return out;
    };
    const std::shared_ptr<Communicator> self = makeSelfCommunicator();
    Member                              alone(*way.first, *self), aloneTo(*way.second, *self);
    const std::vector<Real>             expected = wholeOf(aloneTo.domain, resampled(alone.domain, aloneTo.domain));
    onRanks([&](Communicator & communicator) {
      Member       from(*way.first, communicator);
      Domain       to(*way.second, *from.kernels, communicator);
      const Buffer out = resampled(from.domain, to);
      expectPart(to, out, expected, 3);
    });
  }
}

TEST_P(Distribution, LowBandsGiveTheBitsOfOneProcess)
{
  const std::vector<Real> in = noise(3 * fine.points(), 11);
  const auto              applied = [&](Domain & domain, Domain & half) {
    FourierTransform transform(domain), low(half);
    const Buffer     source = part(domain, in, 3);
    Buffer           out = domain.vector(), field = half.vector();
    transform.applyWithLowBand(
      regularization(transform),
      source.data(),
      low,
      field.data(),
      [&] { half.kernels().scaleAndShift(Real(2), field.data(), Real(0.25), field.data(), field.size()); },
      out.data());
    return out;
  };
  const std::shared_ptr<Communicator> self = makeSelfCommunicator();
  Member                              alone(fine, *self), aloneHalf(coarse, *self);
  const std::vector<Real>             expected = wholeOf(alone.domain, applied(alone.domain, aloneHalf.domain));
  onRanks([&](Communicator & communicator) {
    Member       member(fine, communicator);
    Domain       half(coarse, *member.kernels, communicator);
    const Buffer out = applied(member.domain, half);
    expectPart(member.domain, out, expected, 3);
  });
}

TEST_P(Distribution, HaloTrafficIsThatOfTheFormula)
{
  // Each rank needs `width` planes on both sides, once; nothing is sent to oneself. Fields share a message; there are
  // more of them where the halo is wider than the neighbour's slab.
  const int  width = 4;
  const bool isThin = fine.size[2] / GetParam() < width;
  onRanks([&](Communicator & communicator) {
    Member       member(fine, communicator);
    const Buffer field = member.domain.vector();
    member.kernels->fill(field.data(), field.size(), Real(1));
    const auto sent = [&] {
      const Traffic & own = communicator.traffic(Purpose::Halo);
      double          total[2] = { static_cast<double>(own.bytes), static_cast<double>(own.messages) };
      communicator.sum(total, 2);
      return std::make_pair(total[0], total[1]);
    };
    const double others = GetParam() == 1 ? 0 : GetParam();
    const double bytes = 2 * width * 12 * 14 * sizeof(Real);
    member.domain.padded(field.data(), { { 4, 4, width } });
    const auto one = sent();
    EXPECT_EQ(one.first, others * bytes);
    member.domain.padded(member.domain.view(field), { { 4, 4, width } });
    const auto four = sent();
    EXPECT_EQ(four.first, others * bytes * (1 + 3));
    EXPECT_EQ(four.second, 2 * one.second);
    if (!isThin)
    {
      EXPECT_EQ(one.second, others * 2);
    }
  });
}

TEST_P(Distribution, TransposeTrafficIsThatOfTheFormula)
{
  onRanks([&](Communicator & communicator) {
    Member           member(fine, communicator);
    FourierTransform transform(member.domain);
    const Buffer     field = member.domain.vector();
    member.kernels->fill(field.data(), field.size(), Real(1));
    transform.apply(regularization(transform), field.data(), field.data(), 3);
    // There: rows of the others for the own planes; back: own rows for the planes of the others.
    const std::uint64_t half = 12 / 2 + 1, ny = 14, nz = 22;
    const std::uint64_t planes = member.domain.slab().size();
    const std::uint64_t rows = slabOf(14, GetParam(), communicator.rank()).size();
    EXPECT_EQ(communicator.traffic(Purpose::Transpose).bytes,
              3 * half * sizeof(Complex) * (planes * (ny - rows) + rows * (nz - planes)));
    EXPECT_EQ(communicator.traffic(Purpose::Transpose).messages, 2u * 3u * (GetParam() - 1));
  });
}

TEST_P(Distribution, SumsAreTheSameOnAllRanks)
{
  onRanks([&](Communicator & communicator) {
    Member       member(fine, communicator);
    const Buffer field = part(member.domain, std::vector<Real>(fine.points(), Real(0.5)), 1);
    EXPECT_EQ(member.domain.inner(field.data(), field.data(), field.size()), 0.25);
    member.kernels->scaleAndShift(Real(0), field.data(), Real(-1 - communicator.rank()), field.data(), field.size());
    EXPECT_EQ(member.domain.maximumAbsolute(field.data()), GetParam());
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, Distribution, testing::Values(1, 2, 3, 5, 8));
