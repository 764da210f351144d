// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_BoxPart_h
#define gnr_parallel_BoxPart_h

#include "kernels/Buffer.h"
#include "kernels/kernels.h"
#include "parallel/PlaneExchange.h"

#include "gnr/Communicator.h"
#include "gnr/Grid.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace gnr
{

/** A scalar image, or interleaved vectors, of the user: the planes that this process has, and those of all. */
struct InputImage
{
  const float * data = nullptr;
  Slab          planes;
  PlanesByRank  byRank; ///< known to all
};

/** The part of a process in the image and in the box around it. */
class BoxPart
{
public:
  BoxPart(const Grid & image, const Grid & box, Communicator & communicator);

  /** The points that are in both. */
  const Extents &
  image() const
  {
    return image_;
  }
  /** All points. */
  const Extents &
  box() const
  {
    return box_;
  }
  /** Planes of the image in the part of each process. */
  const PlanesByRank &
  planes() const
  {
    return planes_;
  }

  /** Planes of the user in host memory: those of this part and, where it reaches into the padding along z, the last
   * plane of the image and the first, between which the padding leads. */
  class Planes
  {
  public:
    friend class BoxPart;
    Planes(Planes &&) = default;

    /** f of every value. */
    template <typename TFunction>
    Planes
    mapped(TFunction f) const
    {
      Planes            result;
      const std::size_t all = std::accumulate(sizes_.begin(), sizes_.end(), std::size_t{ 0 });
      result.components_ = components_;
      result.sizes_ = sizes_;
      result.memory_.resize(all);
      float * next = result.memory_.data();
      for (std::size_t run = 0; run < runs_.size(); ++run)
      {
        result.runs_.push_back(next);
        next = std::transform(runs_[run], runs_[run] + sizes_[run], next, f);
      }
      return result;
    }

  private:
    Planes() = default;
    std::vector<float>         memory_; ///< empty where those of the caller will do
    std::vector<const float *> runs_;   ///< the first value of each run of planes
    std::vector<std::size_t>   sizes_;  ///< values of each run
    int                        components_ = 1;
  };

  /** \param components 1, or 3 for interleaved vectors. Collective. */
  Planes
  collect(const InputImage & image, int components = 1) const;
  /** One component, times `scale`, in memory of the kernels. */
  Buffer
  upload(const Planes & planes, Kernels & kernels, int component = 0, double scale = 1.0) const;
  /** What upload() gave, continued into the padding [P1]. */
  void
  extendPeriodically(const Buffer & image, Kernels & kernels, Real * out) const;

private:
  std::size_t
  imagePlane() const
  {
    return static_cast<std::size_t>(image_.nx) * image_.ny;
  }

  Communicator &                 communicator_;
  int                            imagePlanes_; ///< of all
  int                            boxPlanes_;
  Slab                           slab_;
  Extents                        image_;
  Extents                        box_;
  PlanesByRank                   planes_;
  std::vector<std::vector<Slab>> wanted_; ///< by rank
};

} // namespace gnr

#endif
