// SPDX-License-Identifier: Apache-2.0
// Messages between the arrays of emulated GPUs, one for each process, on the path that GNR_TRANSPORT names; direct ones
// with CUDA_EMULATION_MEMORY=open, where the MPI library can read and write the memory of the emulated device as one
// that knows CUDA does that of a GPU. What a real library does with a real GPU is not tested.
#include "gpus.h"
#include "slabs.h"

#include "parallel/FourierTransform.h"
#include "parallel/Messenger.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

std::vector<Real>
read(Kernels & kernels, const Real * data, std::size_t n)
{
  std::vector<Real> values(n);
  kernels.copyToHost(data, values.data(), n * sizeof(Real));
  return values;
}

Real
letter(int from, int to, int round, std::size_t i)
{
  return Real(from) + Real(0.125) * Real(to) + Real(100 * round) + Real(1000) * Real(i % 1000);
}

} // namespace

TEST(DeviceMessages, ArriveWhateverTheirSize)
{
  // Below, at and above one piece, and with many; from every process to every other, several exchanges in a row, with
  // kernels that make what is sent just before and overwrite it just after.
  constexpr std::size_t piece = 4000, sizes[] = { 1, 999, 1000, 1001, 2000, 20011 };
  {
    Member      member(piece);
    Kernels &   kernels = *member.kernels;
    const int   own = member.communicator->rank(), ranks = member.communicator->size();
    std::size_t longest = 0;
    for (int round = 0; round < 3; ++round)
    {
      std::vector<Buffer>  sent, received;
      std::vector<Message> send, receive;
      std::vector<int>     peers;
      for (int rank = 0; rank < ranks; ++rank)
      {
        for (std::size_t s = 0; s < 6 && rank != own; ++s)
        {
          // Another size on the way back, so that the rounds of two processes differ.
          const std::size_t out = sizes[(s + own) % 6], in = sizes[(s + rank) % 6];
          std::vector<Real> values(out);
          for (std::size_t i = 0; i < out; ++i)
          {
            values[i] = letter(own, rank, round, i) - Real(1);
          }
          sent.emplace_back(kernels, out);
          received.emplace_back(kernels, in);
          kernels.copyFromHost(values.data(), sent.back().data(), out * sizeof(Real));
          kernels.scaleAndShift(Real(1), sent.back().data(), Real(1), sent.back().data(), out);
          kernels.fill(received.back().data(), in, Real(-1));
          send.push_back({ sent.back().data(), out * sizeof(Real), rank });
          receive.push_back({ received.back().data(), in * sizeof(Real), rank });
          peers.push_back(rank);
          longest = std::max(longest, std::max(in, out) * sizeof(Real));
        }
      }
      Messenger messenger(kernels, *member.communicator);
      messenger.start(Purpose::Halo, send, receive);
      double one = 1.0;
      member.communicator->sum(&one, 1); // other calls may come between
      messenger.finish();
      for (const Buffer & buffer : sent)
      {
        kernels.fill(buffer.data(), buffer.size(), Real(-2));
      }
      for (std::size_t m = 0; m < received.size(); ++m)
      {
        const std::vector<Real> values = read(kernels, received[m].data(), received[m].size());
        std::size_t             wrong = 0; // the others go on: this one must, too
        for (std::size_t i = 0; i < values.size(); ++i)
        {
          wrong += values[i] == letter(peers[m], own, round, i) ? 0 : 1;
        }
        EXPECT_EQ(wrong, 0u) << "of " << values.size() << " values from rank " << peers[m];
      }
    }
    const std::size_t pieces = 2 * 6 * std::size_t(ranks - 1); // of those sent and received in one round
    if (ranks == 1 || isDirect())
    {
      EXPECT_EQ(kernels.messageBytes(), 0u);
    }
    else
    {
      EXPECT_GT(longest, 10 * piece);
      EXPECT_LE(kernels.messageBytes(), 2 * pieces * (piece + 64)) << "two halves, not the whole messages";
      EXPECT_LE(cuda_emulation::objects().hostBytes, kernels.messageBytes() + kernels.hostBytes())
        << "memory that nobody counts";
    }
  }
  expectNothingLeft();
}

namespace
{

void
expectHalos(std::optional<int> onProcessors)
{
  for (const Grid & grid : { Grid{ { 6, 5, 22 }, {} }, Grid{ { 4, 4, 6 }, {} } })
  {
    Member            member(200, onProcessors);
    Domain            domain(grid, *member.kernels, *member.communicator);
    const auto &      n = grid.size;
    const auto        around = [](int index, int size) { return ((index % size) + size) % size; };
    const auto        valueAt = [](int i, int j, int k) { return Real(i + 100 * j + 10000 * k); };
    std::vector<Real> vectors;
    for (int c = 0; c < 3; ++c)
    {
      for (int p = 0; p < n[0] * n[1] * n[2]; ++p)
      {
        vectors.push_back(Real(c + 1) * valueAt(p % n[0], p / n[0] % n[1], p / (n[0] * n[1])));
      }
    }
    const Buffer field = part(domain, vectors, 3);
    for (const int width : { 1, 4, n[2] + 2 })
    {
      const Halo                  halo{ { 2, 1, width } };
      const std::array<Padded, 3> all = domain.padded(domain.view(field), halo);
      for (int c = 0; c < 3; ++c)
      {
        const Padded & p = all[c];
        if (p.isPeriodic) // of one process, whose kernels wrap
        {
          EXPECT_EQ(member.communicator->size(), 1);
          EXPECT_EQ(p.origin, domain.view(field)[c]);
          continue;
        }
        const std::ptrdiff_t    offset = 2 + p.rowStride + width * p.planeStride;
        const std::vector<Real> values =
          read(*member.kernels, p.origin - offset, p.planeStride * (p.interior.nz + 2 * width));
        int wrong = 0;
        for (int k = -width; k < p.interior.nz + width && p.interior.nz > 0; ++k)
        {
          for (int j = -1; j <= n[1]; ++j)
          {
            for (int i = -2; i <= n[0] + 1; ++i)
            {
              const Real expected =
                Real(c + 1) * valueAt(around(i, n[0]), around(j, n[1]), around(k + domain.slab().begin, n[2]));
              wrong += values[offset + i + j * p.rowStride + k * p.planeStride] == expected ? 0 : 1;
            }
          }
        }
        EXPECT_EQ(wrong, 0) << "values of component " << c << " with a halo of " << width;
      }
    }
  }
}

} // namespace

TEST(DeviceMessages, FillHalos)
{
  expectHalos(std::nullopt);
}

TEST(DeviceMessages, AreUnderstoodByProcessesWithoutAGpu)
{
  expectHalos(0);
}

TEST(DeviceMessages, TransposeForTheTransforms)
{
  const Grid              fine{ { 12, 14, 22 }, { { 1.0, 1.5, 2.0 } } };
  const Grid              coarse{ { 8, 8, 11 }, { { 1.5, 1.5 * 14 / 8, 4.0 } } };
  const std::vector<Real> in = noise(3 * fine.points(), 4711);
  const auto              applied = [&](Domain & domain, Domain & half) {
    FourierTransform transform(domain), low(half);
    Symbol           symbol = transform.symbol(Symbol::Kind::InverseRegularization);
    symbol.beta = 1e-3;
    symbol.gamma = 8.0;
    const Buffer source = part(domain, in, 3);
    Buffer       out = domain.vector(), field = half.vector();
    transform.applyWithLowBand(
      symbol,
      source.data(),
      low,
      field.data(),
      [&] { half.kernels().scaleAndShift(Real(2), field.data(), Real(0.25), field.data(), field.size()); },
      out.data());
    transform.resample(out.data(), low, field.data(), 3);
    low.resample(field.data(), transform, source.data(), 3);
    std::vector<Real> values = read(domain.kernels(), out.data(), out.size());
    const auto        back = read(domain.kernels(), source.data(), source.size());
    values.insert(values.end(), back.begin(), back.end());
    return values;
  };
  const auto                     self = makeSelfCommunicator();
  const std::unique_ptr<Kernels> host = makeCpuKernels(1);
  Domain                         alone(fine, *host, *self), aloneHalf(coarse, *host, *self);
  const std::vector<Real>        expected = applied(alone, aloneHalf);
  Member                         member(700);
  Domain                         domain(fine, *member.kernels, *member.communicator);
  Domain                         half(coarse, *member.kernels, *member.communicator);
  const std::vector<Real>        result = applied(domain, half);
  double                         largest = 0.0, difference = 0.0;
  for (int c = 0; c < 6; ++c)
  {
    for (std::size_t i = 0; i < domain.points(); ++i)
    {
      const double value = expected[c * fine.points() + domain.slab().begin * 12 * 14 + i];
      largest = std::max(largest, std::abs(value));
      difference = std::max(difference, std::abs(value - result[c * domain.points() + i]));
    }
  }
  EXPECT_GT(largest, 0.1);
  EXPECT_LE(difference, 2e-6 * largest); // some roundings of single precision
}
