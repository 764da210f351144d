// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_SearchField_h
#define gnr_registration_SearchField_h

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace gnr
{

/** Displacements of all points in voxels: x, y, z. */
using SearchField = std::array<std::vector<float>, 3>;

/** Points of a grid along its axes. */
using SearchSize = std::array<int, 3>;

inline std::size_t
pointsOf(const SearchSize & size)
{
  return static_cast<std::size_t>(size[0]) * size[1] * size[2];
}

SearchField
zeroField(const SearchSize & size);

/** field += factor * other. */
void
add(float factor, const SearchField & other, SearchField & field);

/** Passes of (1 2 1)/4 along every axis; borders continue. \param lines scratch of two lines along x. */
void
smooth(const SearchSize & size, int passes, std::vector<float> & values, std::vector<float> & lines);
void
smooth(const SearchSize & size, int passes, SearchField & field);


/** exp(v) - id for a velocity in voxels by scaling and squaring with linear interpolation. */
SearchField
exponential(const SearchSize & size, const SearchField & v);

/** v with exp(v) = id + u, in voxels: v <- v + S(u - (exp(v) - id)), ten times. Where u has no logarithm, something
 * smooth near it. */
SearchField
logarithm(const SearchSize & size, const SearchField & u);

/** Smooths a velocity in voxels until its largest |grad v| and |div v| are at most these, by (1 2 1)/4 along every
 * axis.
 * \param spacing of the grid, in any unit. */
void
smoothUntil(const SearchSize &            size,
            const std::array<double, 3> & spacing,
            double                        gradient,
            double                        divergence,
            SearchField &                 v);

/** Displacements on another grid over the same box, in its voxels, by linear interpolation.
 * \param shift of the first point of `to` against that of `from`, in shares of the box. */
SearchField
transferred(const SearchField &           field,
            const SearchSize &            from,
            const SearchSize &            to,
            const std::array<double, 3> & shift);

/** Of a field at a point in voxels, which the border continues. */
class Sampler
{
public:
  explicit Sampler(const SearchSize & size)
    : size_(size)
  {}

  void
  to(const double point[3])
  {
    std::ptrdiff_t stride = 1;
    for (int a = 0; a < 3; ++a)
    {
      const double inside = std::min(std::max(point[a], 0.0), size_[a] - 1.0);
      const int    first = std::min(static_cast<int>(inside), std::max(size_[a] - 2, 0));
      share_[a] = static_cast<float>(inside - first);
      step_[a] = size_[a] > 1 ? stride : 0;
      offset_ = a == 0 ? first : offset_ + first * stride;
      stride *= size_[a];
    }
  }
  template <typename T>
  float
  operator()(const std::vector<T> & field) const
  {
    const T *  p = field.data() + offset_;
    const auto along = [&](const T * q) {
      return static_cast<float>(q[0]) + share_[0] * (static_cast<float>(q[step_[0]]) - static_cast<float>(q[0]));
    };
    const auto plane = [&](const T * q) {
      const float low = along(q);
      return low + share_[1] * (along(q + step_[1]) - low);
    };
    const float low = plane(p);
    return low + share_[2] * (plane(p + step_[2]) - low);
  }

private:
  SearchSize     size_;
  std::ptrdiff_t offset_ = 0;
  std::ptrdiff_t step_[3] = { 0, 0, 0 };
  float          share_[3] = { 0, 0, 0 };
};

/** body(x, y, z, i) for all points, i of x fastest. */
template <typename Body>
void
forEachPoint(const SearchSize & size, int threads, const Body & body)
{
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int k = 0; k < size[2]; ++k)
  {
    std::size_t i = static_cast<std::size_t>(k) * size[0] * size[1];
    for (int j = 0; j < size[1]; ++j)
    {
      for (int x = 0; x < size[0]; ++x, ++i)
      {
        body(x, j, k, i);
      }
    }
  }
}

} // namespace gnr

#endif
