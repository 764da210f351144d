// SPDX-License-Identifier: Apache-2.0
#include "registration/SolveState.h"

#include "kernels/Plugin.h"
#include "parallel/PlaneExchange.h"
#include "registration/Archive.h"

#include "gnr/Communicator.h"
#include "gnr/Error.h"
#include "gnr/Grid.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gnr
{
namespace
{

constexpr std::size_t piece = std::size_t(1) << 20; // values of a field that are moved at a time

/** For each of the fields, which go after the rest. */
template <typename T>
using PerField = std::array<T, 4>;

PerField<Buffer *>
fieldsOf(SolveState & state)
{
  return { { &state.velocity, &state.bestStart.velocity, &state.admissible.velocity, &state.firstWeight.velocity } };
}

/** Bytes as planes are exchanged. */
constexpr std::size_t floatsInReal = sizeof(Real) / sizeof(float);

Slab
common(const Slab & a, const Slab & b)
{
  const int begin = std::max(a.begin, b.begin);
  return { begin, std::max(begin, std::min(a.end, b.end)) };
}

/** Some planes of one component of a field on their way between the slabs of all processes and the first process. */
struct FieldBlock
{
  Real *       own; ///< planes of this process
  std::size_t  ownValues;
  std::size_t  values; ///< of all processes
  std::size_t  plane;  ///< values in one
  PlanesByRank slabs;
  PlanesByRank ofRoot; ///< all for the first process, none for others
};

/** Visits a vector field in the order of the grid. */
template <typename Visit>
void
forEachBlock(const Buffer & field, const Grid & grid, Communicator & communicator, Visit visit)
{
  const int         planes = grid.size[2], ranks = communicator.size(), rank = communicator.rank();
  const std::size_t plane = static_cast<std::size_t>(grid.size[0]) * grid.size[1];
  const int         step = std::max(1, static_cast<int>(piece / plane));
  const Slab        slab = slabOf(planes, ranks, rank);
  for (int component = 0; component < 3; ++component)
  {
    for (int z = 0; z < planes; z += step)
    {
      const Slab block{ z, std::min(planes, z + step) };
      FieldBlock now{ nullptr, 0, plane * block.size(), plane, {}, PlanesByRank(ranks) };
      for (int r = 0; r < ranks; ++r)
      {
        now.slabs.push_back(common(slabOf(planes, ranks, r), block));
      }
      now.ofRoot[0] = block;
      const Slab & mine = now.slabs[rank];
      now.own = field.data() + plane * (static_cast<std::size_t>(component) * slab.size() + mine.begin - slab.begin);
      now.ownValues = plane * mine.size();
      visit(now);
    }
  }
}

void
move(Communicator &            communicator,
     const FieldBlock &        block,
     const PlanesByRank &      from,
     const PlanesByRank &      to,
     const std::vector<Real> & data,
     std::vector<Real> &       out)
{
  std::vector<std::vector<Slab>> want;
  for (const Slab & slab : to)
  {
    want.push_back({ slab });
  }
  exchangePlanes(communicator,
                 from,
                 want,
                 reinterpret_cast<const float *>(data.data()),
                 floatsInReal * block.plane,
                 reinterpret_cast<float *>(out.data()));
}

void
writeField(const Buffer &   field,
           const Grid &     grid,
           const ByteSink & sink,
           Kernels &        kernels,
           Communicator &   communicator)
{
  const bool isRoot = communicator.rank() == 0;
  forEachBlock(field, grid, communicator, [&](const FieldBlock & block) {
    std::vector<Real> own(block.ownValues), all(isRoot ? block.values : 0);
    kernels.copyToHost(block.own, own.data(), own.size() * sizeof(Real));
    move(communicator, block, block.slabs, block.ofRoot, own, all);
    if (isRoot)
    {
      sink(all.data(), all.size() * sizeof(Real));
    }
  });
}

void
readField(Buffer & field, const Grid & grid, const ByteSource & source, Kernels & kernels, Communicator & communicator)
{
  const bool isRoot = communicator.rank() == 0;
  forEachBlock(field, grid, communicator, [&](const FieldBlock & block) {
    std::vector<Real> own(block.ownValues), all(isRoot ? block.values : 0);
    if (isRoot)
    {
      source(all.data(), all.size() * sizeof(Real));
    }
    move(communicator, block, block.ofRoot, block.slabs, all, own);
    kernels.copyFromHost(own.data(), block.own, own.size() * sizeof(Real));
  });
}

/** The part of one process in a vector field. */
std::size_t
valuesOf(const Grid & grid, const Communicator & communicator)
{
  return 3 * static_cast<std::size_t>(grid.size[0]) * grid.size[1] *
         slabOf(grid.size[2], communicator.size(), communicator.rank()).size();
}

void
transfer(Archive & archive, NewtonState & state)
{
  auto & [isBegun, isWarm, iteration, timeSteps, norm, distance, penalty, record] = state;
  archive(isBegun, isWarm, iteration, timeSteps, norm, distance, penalty, record);
}

void
transfer(Archive & archive, Incumbent & incumbent)
{
  archive(incumbent.objective, incumbent.beta, incumbent.reason);
}

void
transfer(Archive & archive, SolveState & state, PerField<bool> & isThere)
{
  archive(state.level, state.start, state.weight, state.search, state.trial);
  transfer(archive, state.newton);
  transfer(archive, state.bestStart);
  transfer(archive, state.admissible);
  transfer(archive, state.firstWeight);
  archive(state.report, state.isInterrupted, state.foundWithinBounds, isThere);
}

} // namespace

void
SolveState::keep(Incumbent & incumbent, Kernels & kernels) const
{
  if (!incumbent.velocity)
  {
    incumbent.velocity = Buffer(kernels, velocity.size());
  }
  kernels.copy(velocity.data(), incumbent.velocity.data(), velocity.size());
  incumbent.beta = report.beta;
  incumbent.reason = report.reason;
}

void
SolveState::restore(const Incumbent & incumbent, Kernels & kernels)
{
  kernels.copy(incumbent.velocity.data(), velocity.data(), velocity.size());
  report.beta = incumbent.beta;
  if (!isInterrupted)
  {
    report.reason = incumbent.reason;
  }
}

void
SolveState::write(const ByteSink & sink, Kernels & kernels, Communicator & communicator)
{
  PerField<bool> isThere{};
  std::string    version = pluginVersion();
  for (std::size_t i = 0; i < isThere.size(); ++i)
  {
    isThere[i] = static_cast<bool>(*fieldsOf(*this)[i]);
  }
  Archive archive;
  archive(version);
  transfer(archive, *this, isThere);
  if (communicator.rank() == 0)
  {
    const std::uint64_t bytes = archive.bytes().size();
    sink(&bytes, sizeof bytes);
    sink(archive.bytes().data(), archive.bytes().size());
  }
  for (const Buffer * field : fieldsOf(*this))
  {
    if (*field)
    {
      writeField(*field, newton.record.velocityGrid, sink, kernels, communicator);
    }
  }
}

void
SolveState::read(const ByteSource & source, Kernels & kernels, Communicator & communicator)
{
  std::string content;
  if (communicator.rank() == 0)
  {
    std::uint64_t bytes = 0;
    source(&bytes, sizeof bytes);
    for (std::vector<char> part(piece); content.size() < bytes;) // the number may be anything
    {
      const std::size_t count = std::min<std::uint64_t>(piece, bytes - content.size());
      source(part.data(), count);
      content.append(part.data(), count);
    }
  }
  Archive     archive(communicator.broadcastText(std::move(content), 0));
  std::string version;
  archive(version);
  if (version != pluginVersion())
  {
    throw Error(ErrorKind::BadInput,
                "saved solve: it is of another build of this program (" + version + "); begin the registration anew");
  }
  PerField<bool> isThere{};
  transfer(archive, *this, isThere);
  const Grid & grid = newton.record.velocityGrid;
  for (std::size_t i = 0; i < isThere.size(); ++i)
  {
    Buffer & field = *fieldsOf(*this)[i];
    field = isThere[i] ? Buffer(kernels, valuesOf(grid, communicator)) : Buffer();
    if (field)
    {
      readField(field, grid, source, kernels, communicator);
    }
  }
}

} // namespace gnr
