// SPDX-License-Identifier: Apache-2.0
#include "parallel/PlaneExchange.h"

#include <algorithm>
#include <cstring>

namespace gnr
{
namespace
{

bool
contains(const Slab & slab, int plane)
{
  return slab.begin <= plane && plane < slab.end;
}

/** Planes that come from one rank, one behind the other. */
struct Piece
{
  int  rank;
  Slab planes;
};

std::vector<Piece>
piecesFor(int rank, const PlanesByRank & have, const std::vector<Slab> & wanted)
{
  std::vector<Piece> pieces;
  for (const Slab & slab : wanted)
  {
    for (int plane = slab.begin; plane < slab.end;)
    {
      int owner = rank;
      if (!contains(have[rank], plane))
      {
        owner = 0;
        while (!contains(have[owner], plane))
        {
          ++owner;
        }
      }
      int end = std::min(slab.end, have[owner].end);
      if (owner != rank && have[rank].size() > 0 && plane < have[rank].begin)
      {
        end = std::min(end, have[rank].begin); // from there on it has its own
      }
      pieces.push_back({ owner, { plane, end } });
      plane = end;
    }
  }
  return pieces;
}

} // namespace

PlanesByRank
gatherPlanes(Communicator & communicator, const Slab & own)
{
  const int           ranks = communicator.size();
  std::vector<double> bounds(2 * static_cast<std::size_t>(ranks));
  bounds[2 * communicator.rank()] = own.begin;
  bounds[2 * communicator.rank() + 1] = own.end;
  communicator.sum(bounds.data(), bounds.size());
  PlanesByRank have;
  for (int rank = 0; rank < ranks; ++rank)
  {
    have.push_back({ static_cast<int>(bounds[2 * rank]), static_cast<int>(bounds[2 * rank + 1]) });
  }
  return have;
}

bool
exists(const PlanesByRank & have)
{
  return std::any_of(have.begin(), have.end(), [](const Slab & slab) { return slab.size() > 0; });
}

bool
isComplete(const PlanesByRank & have, int planes)
{
  PlanesByRank sorted = have;
  std::sort(sorted.begin(), sorted.end(), [](const Slab & a, const Slab & b) { return a.begin < b.begin; });
  int next = 0;
  for (const Slab & slab : sorted)
  {
    if (slab.size() > 0 && slab.begin <= next)
    {
      next = std::max(next, slab.end);
    }
  }
  return next >= planes;
}

bool
haveAll(const PlanesByRank & have, const std::vector<std::vector<Slab>> & want)
{
  for (std::size_t rank = 0; rank < have.size(); ++rank)
  {
    for (const Slab & slab : want[rank])
    {
      if (slab.size() > 0 && !(have[rank].begin <= slab.begin && slab.end <= have[rank].end))
      {
        return false;
      }
    }
  }
  return true;
}

void
exchangePlanes(Communicator &                         communicator,
               const PlanesByRank &                   have,
               const std::vector<std::vector<Slab>> & want,
               const float *                          data,
               std::size_t                            valuesPerPlane,
               float *                                out)
{
  const int  own = communicator.rank();
  const auto planesAt = [&](int plane) { return data + valuesPerPlane * (plane - have[own].begin); };
  const auto bytesOf = [&](const Slab & slab) { return valuesPerPlane * slab.size() * sizeof(float); };

  std::vector<Message> send, receive;
  for (int rank = 0; rank < communicator.size(); ++rank)
  {
    if (rank == own)
    {
      continue;
    }
    for (const Piece & piece : piecesFor(rank, have, want[rank]))
    {
      if (piece.rank == own)
      {
        send.push_back({ const_cast<float *>(planesAt(piece.planes.begin)), bytesOf(piece.planes), rank });
      }
    }
  }
  const std::vector<Piece> pieces = piecesFor(own, have, want[own]);
  float *                  next = out;
  for (const Piece & piece : pieces)
  {
    if (piece.rank != own)
    {
      receive.push_back({ next, bytesOf(piece.planes), piece.rank });
    }
    next += valuesPerPlane * piece.planes.size();
  }
  communicator.startExchange(Purpose::Images, send, receive);
  next = out;
  for (const Piece & piece : pieces)
  {
    if (piece.rank == own)
    {
      std::memcpy(next, planesAt(piece.planes.begin), bytesOf(piece.planes));
    }
    next += valuesPerPlane * piece.planes.size();
  }
  communicator.finishExchange();
}

void
collectPlanes(Communicator & communicator, int planes, const float * data, std::size_t valuesPerPlane, float * out)
{
  PlanesByRank have;
  for (int rank = 0; rank < communicator.size(); ++rank)
  {
    have.push_back(slabOf(planes, communicator.size(), rank));
  }
  const std::vector<std::vector<Slab>> want(have.size(), { { 0, planes } });
  exchangePlanes(communicator, have, want, data, valuesPerPlane, out);
}

} // namespace gnr
