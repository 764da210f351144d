// SPDX-License-Identifier: Apache-2.0
#include "parallel/SlabTransform.h"

#include "parallel/Exchange.h"
#include "parallel/Messenger.h"

#include <algorithm>

namespace gnr
{
namespace
{

/** Frequencies begin ... end - 1. */
struct Frequencies
{
  int begin;
  int end;

  int
  size() const
  {
    return std::max(end - begin, 0);
  }
};

Frequencies
common(const Frequencies & a, const Frequencies & b)
{
  return { std::max(a.begin, b.begin), std::min(a.end, b.end) };
}

} // namespace

RowRuns
rowRunsOf(int ny, int ownerRows, bool isOwner, int ranks, int rank)
{
  const Slab     slab = slabOf(ownerRows, ranks, rank);
  SpectrumLayout ofOwner;
  ofOwner.size[1] = ownerRows;
  ofOwner.setRows(slab.begin, slab.end);
  const Frequencies positive{ ofOwner.firstRow[0], ofOwner.firstRow[0] + ofOwner.rows[0] };
  const Frequencies negative{ ofOwner.firstRow[1], ofOwner.firstRow[1] + ofOwner.rows[1] };
  const Frequencies p = common(positive, { 0, isOwner ? ny / 2 + 1 : (ny + 1) / 2 });
  const Frequencies n = common(negative, { isOwner ? ny / 2 + 1 - ny : -((ny - 1) / 2), 0 });
  return { { { p.begin, p.size() }, { n.begin + ny, n.size() } } };
}

SlabTransform::SlabTransform(Domain & domain, const Domain & owner)
  : domain_(domain)
  , ownerRows_(owner.grid().size[1])
  , isOwner_(&owner == &domain)
{
  for (int a = 0; a < 3; ++a)
  {
    layout_.size[a] = domain.grid().size[a];
    layout_.origin[a] = domain.origin()[a];
  }
  layout_.rowStride = layout_.nxHalf();
  if (isWhole())
  {
    layout_.setRows(0, layout_.size[1]);
  }
  else
  {
    const int ranks = domain.communicator().size();
    for (int rank = 0; rank < ranks; ++rank)
    {
      runs_.push_back(rowRunsOf(layout_.size[1], ownerRows_, isOwner_, ranks, rank));
    }
    const RowRuns & own = runs_[domain.communicator().rank()];
    layout_.firstRow[0] = own[0].ky;
    layout_.firstRow[1] = own[1].ky - layout_.size[1];
    layout_.rows[0] = own[0].rows;
    layout_.rows[1] = own[1].rows;
  }
  layout_.zStride = layout_.rowStride * layout_.rowCount();
}

std::size_t
SlabTransform::blockSize(int rank) const
{
  return static_cast<std::size_t>(layout_.nxHalf()) * rowsOf(rank) * domain_.extents().nz;
}

ComplexBuffer
SlabTransform::blocksOf(int components) const
{
  std::size_t size = 0;
  for (int rank = 0; rank < domain_.communicator().size(); ++rank)
  {
    size += rank == domain_.communicator().rank() ? 0 : blockSize(rank);
  }
  return ComplexBuffer(domain_.kernels(), components * size);
}

void
SlabTransform::pack(int rank, const Complex * planes, Complex * block) const
{
  const std::ptrdiff_t half = layout_.nxHalf();
  for (const RowRun & run : runs_[rank])
  {
    domain_.kernels().copyBlocks(planes + run.ky * half,
                                 half * layout_.size[1],
                                 block,
                                 half * rowsOf(rank),
                                 half * run.rows,
                                 domain_.extents().nz);
    block += half * run.rows;
  }
}

void
SlabTransform::unpack(int rank, const Complex * block, Complex * planes) const
{
  const std::ptrdiff_t half = layout_.nxHalf();
  for (const RowRun & run : runs_[rank])
  {
    domain_.kernels().copyBlocks(block,
                                 half * rowsOf(rank),
                                 planes + run.ky * half,
                                 half * layout_.size[1],
                                 half * run.rows,
                                 domain_.extents().nz);
    block += half * run.rows;
  }
}

void
SlabTransform::describe(const Rows &           rows,
                        Complex *              blocks,
                        int                    components,
                        std::vector<Message> & ofRows,
                        std::vector<Message> & ofBlocks) const
{
  const int ranks = domain_.communicator().size(), own = domain_.communicator().rank();
  for (int c = 0; c < components; ++c)
  {
    for (int rank = 0; rank < ranks; ++rank)
    {
      if (rank == own)
      {
        continue;
      }
      const Slab        slab = slabOf(layout_.size[2], ranks, rank);
      const std::size_t values = static_cast<std::size_t>(layout_.zStride) * slab.size();
      if (values > 0)
      {
        ofRows.push_back({ rows.data()[c] + slab.begin * layout_.zStride, values * sizeof(Complex), rank });
      }
      if (const std::size_t block = blockSize(rank))
      {
        ofBlocks.push_back({ blocks, block * sizeof(Complex), rank });
        blocks += block;
      }
    }
  }
}

void
SlabTransform::announce(bool isForward, int components) const
{
  domain_.communicator().announce({ isForward ? Exchange::Kind::Forward : Exchange::Kind::Backward,
                                    components,
                                    domain_.grid().size,
                                    0,
                                    ownerRows_,
                                    isOwner_ });
}

void
SlabTransform::allocate(Rows & rows, int component, int components) const
{
  const std::ptrdiff_t parts = isJoined(components) ? components : 1;
  rows.layout_ = layout_;
  rows.layout_.rowStride *= parts;
  rows.layout_.zStride *= parts;
  if (parts == 1 || component == 0)
  {
    rows.memory_[component] =
      ComplexBuffer(domain_.kernels(), static_cast<std::size_t>(rows.layout_.zStride) * layout_.size[2]);
  }
  rows.spectrum_[component] =
    parts == 1 ? rows.memory_[component].data() : rows.memory_[0].data() + component * layout_.rowStride;
}

SlabTransform::Rows
SlabTransform::rows(int components) const
{
  Rows result;
  for (int c = 0; c < components; ++c)
  {
    allocate(result, c, components);
  }
  return result;
}

SlabTransform::Rows
SlabTransform::forward(const Real * in, int components)
{
  announce(true, components);
  Kernels & kernels = domain_.kernels();
  if (isWhole())
  {
    Rows result;
    for (int c = 0; c < components; ++c)
    {
      allocate(result, c, components); // one by one: what the transforms before need is not there yet
      kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), result.data()[c], result.layout().rowStride);
    }
    return result;
  }
  const int           own = domain_.communicator().rank();
  const std::size_t   planesSize = static_cast<std::size_t>(layout_.nxHalf()) * layout_.size[1] * domain_.extents().nz;
  Rows                result = rows(components);
  const ComplexBuffer blocks = blocksOf(components);
  {
    const ComplexBuffer planes(kernels, planesSize);
    Complex *           next = blocks.data();
    for (int c = 0; c < components; ++c)
    {
      kernels.forwardPlanes(in + c * domain_.points(), domain_.extents(), planes.data(), layout_.nxHalf());
      for (int rank = 0; rank < domain_.communicator().size(); ++rank)
      {
        if (rank == own)
        {
          pack(own, planes.data(), result.data()[c] + domain_.slab().begin * layout_.zStride);
          continue;
        }
        pack(rank, planes.data(), next);
        next += blockSize(rank);
      }
    }
  }
  std::vector<Message> send, receive;
  describe(result, blocks.data(), components, receive, send);
  Messenger messenger(kernels, domain_.communicator());
  messenger.start(Purpose::Transpose, send, receive);
  messenger.finish();
  return result;
}

void
SlabTransform::backward(Rows & rows, Real * out, int components)
{
  announce(false, components);
  Kernels & kernels = domain_.kernels();
  if (isWhole())
  {
    for (int c = 0; c < components; ++c)
    {
      kernels.backwardPlanes(rows.data()[c], rows.layout().rowStride, domain_.extents(), out + c * domain_.points());
    }
    return;
  }
  const int            own = domain_.communicator().rank();
  const std::size_t    planesSize = static_cast<std::size_t>(layout_.nxHalf()) * layout_.size[1] * domain_.extents().nz;
  const ComplexBuffer  blocks = blocksOf(components);
  std::vector<Message> send, receive;
  describe(rows, blocks.data(), components, send, receive);
  Messenger messenger(kernels, domain_.communicator());
  messenger.start(Purpose::Transpose, send, receive);
  messenger.finish();

  const ComplexBuffer planes(kernels, planesSize);
  const Complex *     next = blocks.data();
  int                 allRows = 0;
  for (int rank = 0; rank < domain_.communicator().size(); ++rank)
  {
    allRows += rowsOf(rank);
  }
  for (int c = 0; c < components; ++c)
  {
    if (allRows < layout_.size[1])
    {
      kernels.fill(&planes.data()->re, 2 * planesSize, Real(0)); // Nyquist modes
    }
    for (int rank = 0; rank < domain_.communicator().size(); ++rank)
    {
      if (rank == own)
      {
        unpack(own, rows.data()[c] + domain_.slab().begin * layout_.zStride, planes.data());
        continue;
      }
      unpack(rank, next, planes.data());
      next += blockSize(rank);
    }
    kernels.backwardPlanes(planes.data(), layout_.nxHalf(), domain_.extents(), out + c * domain_.points());
  }
}

} // namespace gnr
