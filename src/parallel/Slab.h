// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Slab_h
#define gnr_parallel_Slab_h

namespace gnr
{

/** Planes [begin, end) of an axis that one rank holds. */
struct Slab
{
  int begin = 0;
  int end = 0;

  int
  size() const
  {
    return end - begin;
  }
};

/** The slab of `rank` when `n` planes are shared by `ranks`, as evenly as they can be. */
inline Slab
slabOf(int n, int ranks, int rank)
{
  const auto bound = [=](int r) { return static_cast<int>(static_cast<long long>(n) * r / ranks); };
  return { bound(rank), bound(rank + 1) };
}

/** The rank that holds a plane. */
inline int
ownerOf(int plane, int n, int ranks)
{
  // bound(r) = floor(n r / ranks) <= plane < bound(r + 1)
  return static_cast<int>(((plane + 1LL) * ranks - 1) / n);
}

} // namespace gnr

#endif
