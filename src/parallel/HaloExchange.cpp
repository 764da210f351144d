// SPDX-License-Identifier: Apache-2.0
#include "parallel/HaloExchange.h"

#include "parallel/Messenger.h"
#include "parallel/Slab.h"

namespace gnr
{
namespace
{

/** Pads planes of `out` that start at plane `to`, which may lie in its halo. */
void
padPlanes(Kernels & kernels, const Real * planes, const Padded & out, int to, int count)
{
  Padded part = out;
  part.origin += to * out.planeStride;
  part.interior.nz = count;
  kernels.pad(planes, part);
}

int
planesOf(const std::vector<HaloPiece> & pieces, int except)
{
  int total = 0;
  for (const HaloPiece & piece : pieces)
  {
    total += piece.rank == except ? 0 : piece.count;
  }
  return total;
}

} // namespace

std::vector<HaloPiece>
receivedBy(int planes, int ranks, int rank, int halo)
{
  const Slab             own = slabOf(planes, ranks, rank);
  std::vector<HaloPiece> pieces;
  if (own.size() == 0)
  {
    return pieces;
  }
  const auto add = [&](int to) {
    const int  plane = ((own.begin + to) % planes + planes) % planes;
    const int  owner = ownerOf(plane, planes, ranks);
    const int  from = plane - slabOf(planes, ranks, owner).begin;
    const bool follows = !pieces.empty() && pieces.back().rank == owner &&
                         pieces.back().to + pieces.back().count == to &&
                         pieces.back().from + pieces.back().count == from;
    if (follows)
    {
      ++pieces.back().count;
    }
    else
    {
      pieces.push_back({ owner, from, 1, to });
    }
  };
  for (int to = -halo; to < 0; ++to)
  {
    add(to);
  }
  for (int to = own.size(); to < own.size() + halo; ++to)
  {
    add(to);
  }
  return pieces;
}

HaloPlan
planHalo(int planes, int ranks, int rank, int halo)
{
  HaloPlan plan;
  plan.receive = receivedBy(planes, ranks, rank, halo);
  for (int other = 0; other < ranks; ++other)
  {
    if (other == rank)
    {
      continue;
    }
    for (HaloPiece piece : receivedBy(planes, ranks, other, halo))
    {
      if (piece.rank == rank)
      {
        piece.rank = other;
        plan.send.push_back(piece);
      }
    }
  }
  return plan;
}

KeptHalo::KeptHalo(const HaloPlan & plan, int rank, std::size_t pointsOfPlane, int fields, Kernels & kernels)
{
  if (const int planes = planesOf(plan.receive, rank))
  {
    planes_ = Buffer(kernels, pointsOfPlane * planes * fields);
  }
}

void
fillPadded(const HaloPlan &     plan,
           const Real * const * fields,
           const Padded *       out,
           int                  count,
           Kernels &            kernels,
           Communicator &       communicator,
           KeptHalo *           kept)
{
  const bool        isKept = kept != nullptr && kept->isThere();
  const bool        isExchanged = communicator.size() > 1 && !isKept;
  const int         rank = communicator.rank();
  const std::size_t plane = static_cast<std::size_t>(out->interior.nx) * out->interior.ny;
  // Several fields share a message, which then must be put together; one field is sent from where it is.
  const int    sent = isExchanged ? planesOf(plan.send, -1) : 0, received = planesOf(plan.receive, rank);
  const Buffer packed = count > 1 && sent > 0 ? Buffer(kernels, plane * sent * count) : Buffer();
  const Buffer passing = kept == nullptr && received > 0 ? Buffer(kernels, plane * received * count) : Buffer();
  Real * const arriving = kept != nullptr ? kept->data() : passing.data();

  Messenger messenger(kernels, communicator);
  if (isExchanged)
  {
    std::vector<Message> send, receive;
    std::size_t          next = 0;
    for (const HaloPiece & piece : plan.send)
    {
      const std::size_t values = plane * piece.count;
      Real *            data = const_cast<Real *>(fields[0]) + plane * piece.from;
      if (count > 1)
      {
        data = packed.data() + next;
        for (int f = 0; f < count; ++f)
        {
          kernels.copy(fields[f] + plane * piece.from, data + f * values, values);
        }
      }
      send.push_back({ data, values * count * sizeof(Real), piece.rank });
      next += values * count;
    }
    next = 0;
    for (const HaloPiece & piece : plan.receive)
    {
      if (piece.rank != rank)
      {
        const std::size_t values = plane * piece.count * count;
        receive.push_back({ arriving + next, values * sizeof(Real), piece.rank });
        next += values;
      }
    }
    messenger.start(Purpose::Halo, send, receive);
  }

  for (int f = 0; f < count; ++f)
  {
    kernels.pad(fields[f], out[f]);
    for (const HaloPiece & piece : plan.receive)
    {
      if (piece.rank == rank)
      {
        padPlanes(kernels, fields[f] + plane * piece.from, out[f], piece.to, piece.count);
      }
    }
  }

  if (isExchanged)
  {
    messenger.finish();
  }
  if (kept != nullptr)
  {
    kept->received();
  }
  std::size_t next = 0;
  for (const HaloPiece & piece : plan.receive)
  {
    if (piece.rank != rank)
    {
      for (int f = 0; f < count; ++f)
      {
        padPlanes(kernels, arriving + next, out[f], piece.to, piece.count);
        next += plane * piece.count;
      }
    }
  }
}

} // namespace gnr
