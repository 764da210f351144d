// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_FieldMemory_h
#define gnr_kernels_FieldMemory_h

#include "kernels/Arena.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <utility>

namespace gnr
{

/** Where a backend has its memory from. Functions that may be null do nothing. */
struct MemorySource
{
  void * (*acquire)(std::size_t bytes);                 ///< on a multiple of Arena::alignment; null: there is none
  void (*release)(void * memory);                       ///< what acquire() returned
  void (*discard)(void * memory, std::size_t bytes);    ///< the content is not needed any more; may be null
  void (*initialize)(void * memory, std::size_t bytes); ///< before an array is handed out; may be null
  /** False: the host may not read or write it (there is none, or it is a GPU's, whose kernels run later than the calls
   * that give their arrays back). */
  bool isReal = true;
  // For the block of all fields, where that is not had like single arrays; both or none.
  void * (*acquireBlock)(std::size_t bytes) = nullptr;
  void (*releaseBlock)(void * memory) = nullptr;
};

/** The memory of all fields of one backend.
 *
 * reserve() takes one block, sized up front, that the arrays share from then on: large ones from its begin, small ones
 * from its end, so that those of coarse grids leave no gaps between those of the finest one. An array for which it has
 * no room, or that comes before it, is taken from the source by itself and counted as overflow. Bytes are those asked
 * for where arrays are summed, and rounded up to cache lines where their places matter. One thread at a time. */
class FieldMemory
{
public:
  explicit FieldMemory(const MemorySource & source)
    : source_(source)
  {}
  ~FieldMemory();
  FieldMemory(const FieldMemory &) = delete;
  FieldMemory &
  operator=(const FieldMemory &) = delete;

  /** Memory for an array; throws Error(OutOfResources). */
  void *
  allocate(std::size_t bytes);
  /** Gives an array back; null is allowed. */
  void
  deallocate(void * memory);

  /** Replaces the block by one of so many bytes; 0: none. Only while no array lies in it. Throws
   * Error(OutOfResources).
   *
   * \param smallBelow bytes from which on an array is large. */
  void
  reserve(std::size_t bytes, std::size_t smallBelow = 0);

  /** A block of addresses without end, for sources that are not real. */
  static constexpr std::size_t endless =
    std::numeric_limits<std::size_t>::max() / 4 / Arena::alignment * Arena::alignment;

  /** Called once, before the first array after reserve() that its block has no room for, with the bytes of the array.
   */
  void
  onOverflow(std::function<void(std::size_t)> handler)
  {
    overflowHandler_ = std::move(handler);
  }

  /** Lets the system have the pages of the block that no array lies in, until they are used again.
   *
   * \param kept bytes at the begin of the block that are left as they are: they will be needed soon. */
  void
  trim(std::size_t kept = 0);

  /** Lets the system have what the block holds beyond so many bytes, for good: less is needed than was reserved.
   * Nothing happens while arrays lie there. */
  void
  shrink(std::size_t bytes);

  std::size_t
  reservedBytes() const
  {
    return size_;
  }
  /** Sum of all arrays alive now, and the largest so far. */
  std::size_t
  allocatedBytes() const
  {
    return allocated_;
  }
  std::size_t
  peakBytes() const
  {
    return peak_;
  }
  /** What the fields took up at most since reserve(): the used part of the block, gaps included, and the overflow. */
  std::size_t
  highWaterBytes() const
  {
    return highWater_;
  }
  /** Of the arrays outside the block alive now, and the largest sum since reserve(). */
  std::size_t
  overflowBytes() const
  {
    return overflow_;
  }
  std::size_t
  peakOverflowBytes() const
  {
    return peakOverflow_;
  }
  /** Like highWaterBytes(), but since the last call of this function. */
  std::size_t
  lapBytes();

private:
  enum class Place
  {
    Begin,  ///< from the begin of the block upwards
    End,    ///< from its end downwards
    Outside ///< of the block
  };
  struct Array
  {
    std::size_t bytes;
    Place       place;
    std::size_t offset; ///< in the arena of its end of the block
  };

  /** Gives the block back, if there is one. */
  void
  releaseBlock();
  /** Memory inside the block; null where there is no room. */
  char *
  placeInBlock(std::size_t bytes, Array & array);

  std::size_t
  extent() const
  {
    return begin_.top() + end_.top() + overflow_;
  }

  MemorySource            source_;
  Arena                   begin_;
  Arena                   end_; ///< counts downwards from the end of the block
  char *                  block_ = nullptr;
  std::size_t             size_ = 0;
  std::size_t             smallBelow_ = 0;
  std::map<void *, Array> arrays_;
  std::size_t             allocated_ = 0;
  std::size_t             peak_ = 0;
  std::size_t             overflow_ = 0;
  std::size_t             peakOverflow_ = 0;
  std::size_t             highWater_ = 0;
  std::size_t             lap_ = 0;

  std::function<void(std::size_t)> overflowHandler_;
};

} // namespace gnr

#endif
