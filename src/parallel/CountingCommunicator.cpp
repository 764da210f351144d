// SPDX-License-Identifier: Apache-2.0
#include "parallel/CountingCommunicator.h"

#include "kernels/types.h"
#include "parallel/HaloExchange.h"
#include "parallel/SlabTransform.h"

namespace gnr
{
namespace
{

std::vector<Traffic>
haloTraffic(const Exchange & halo, int ranks)
{
  const std::size_t    plane = static_cast<std::size_t>(halo.size[0]) * halo.size[1] * halo.count * sizeof(Real);
  std::vector<Traffic> sent(ranks);
  for (int rank = 0; rank < ranks; ++rank)
  {
    for (const HaloPiece & piece : receivedBy(halo.size[2], ranks, rank, halo.width))
    {
      if (piece.rank != rank)
      {
        ++sent[piece.rank].messages;
        sent[piece.rank].bytes += plane * piece.count;
      }
    }
  }
  return sent;
}

/** One message for each component between any two of which one has rows and the other has planes. */
std::vector<Traffic>
transpositionTraffic(const Exchange & t, int ranks)
{
  struct Share
  {
    std::size_t rows;
    std::size_t planes;
  };
  std::vector<Share> shares;
  std::size_t        rows = 0, planes = 0, withRows = 0, withPlanes = 0; // of all
  for (int rank = 0; rank < ranks; ++rank)
  {
    const RowRuns runs = rowRunsOf(t.size[1], t.ownerRows, t.isOwner, ranks, rank);
    shares.push_back({ static_cast<std::size_t>(runs[0].rows + runs[1].rows),
                       static_cast<std::size_t>(slabOf(t.size[2], ranks, rank).size()) });
    rows += shares.back().rows;
    planes += shares.back().planes;
    withRows += shares.back().rows > 0 ? 1 : 0;
    withPlanes += shares.back().planes > 0 ? 1 : 0;
  }
  const std::size_t    row = (t.size[0] / 2 + 1) * sizeof(Complex);
  std::vector<Traffic> sent;
  for (const Share & own : shares)
  {
    const bool        isForward = t.kind == Exchange::Kind::Forward;
    const std::size_t held = isForward ? own.planes : own.rows;
    const std::size_t others = isForward ? rows - own.rows : planes - own.planes;
    const std::size_t peers = isForward ? withRows - (own.rows > 0 ? 1 : 0) : withPlanes - (own.planes > 0 ? 1 : 0);
    sent.push_back({ held > 0 ? t.count * peers : 0, t.count * row * held * others });
  }
  return sent;
}

/** Up and down a binomial tree, as in MpiCommunicator. */
std::vector<Traffic>
reductionTraffic(const Exchange & reduction, int ranks)
{
  std::vector<Traffic> sent(ranks);
  for (int rank = 0; rank < ranks; ++rank)
  {
    sent[rank].messages = rank > 0 ? 1 : 0;
    for (int bit = 1; bit < ranks && (rank & bit) == 0; bit *= 2)
    {
      sent[rank].messages += rank + bit < ranks ? 1 : 0;
    }
    sent[rank].bytes = sent[rank].messages * reduction.count * sizeof(double);
  }
  return sent;
}

} // namespace

std::vector<Traffic>
trafficOf(const Exchange & exchange, int ranks)
{
  switch (exchange.kind)
  {
    case Exchange::Kind::Halo:
      return haloTraffic(exchange, ranks);
    case Exchange::Kind::Forward:
    case Exchange::Kind::Backward:
      return transpositionTraffic(exchange, ranks);
    case Exchange::Kind::Reduction:
      break;
  }
  return reductionTraffic(exchange, ranks);
}

} // namespace gnr
