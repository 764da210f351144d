// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_Arena_h
#define gnr_kernels_Arena_h

#include <cstddef>
#include <map>
#include <optional>

namespace gnr
{

/** Shares out the addresses from 0 on and keeps account of them; where the memory is, and whether there is any, is the
 * business of others (FieldMemory).
 *
 * Pieces start on multiples of `alignment`. A piece goes into the smallest gap that holds it, the lowest of equals, and
 * on top of everything only where there is none. The limit therefore decides whether a piece fits but never where it
 * lies, so that a run with a limit of exactly highWater() bytes repeats one without. */
class Arena
{
public:
  static constexpr std::size_t alignment = 64; ///< a cache line; what FFTW and SIMD loops want

  /** Bytes of the piece that holds so many; no bytes count as one. */
  static std::size_t
  whole(std::size_t bytes)
  {
    return (bytes + (bytes == 0 ? 1 : 0) + alignment - 1) / alignment * alignment;
  }

  /** Where a piece of so many bytes lies; nothing if there is no room for it below `limit`. */
  std::optional<std::size_t>
  take(std::size_t bytes, std::size_t limit);

  /** Gives back the piece at an offset that take() returned. */
  void
  give(std::size_t offset);

  bool
  empty() const
  {
    return pieces_.empty();
  }
  /** End of the last piece. */
  std::size_t
  top() const;
  /** Largest top() so far: the limit that would have done. */
  std::size_t
  highWater() const
  {
    return highWater_;
  }

  /** Calls f(offset, bytes) for every stretch below highWater() that no piece holds. */
  template <typename TFunction>
  void
  forEachGap(TFunction f) const
  {
    std::size_t end = 0;
    for (const auto & [offset, bytes] : pieces_)
    {
      if (offset > end)
      {
        f(end, offset - end);
      }
      end = offset + bytes;
    }
    if (highWater_ > end)
    {
      f(end, highWater_ - end);
    }
  }

private:
  std::size_t                        highWater_ = 0;
  std::map<std::size_t, std::size_t> pieces_; ///< offset -> bytes, whole cache lines
};

} // namespace gnr

#endif
