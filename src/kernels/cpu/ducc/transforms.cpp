// SPDX-License-Identifier: Apache-2.0
// The one-dimensional transforms of ducc0 (BSD-3-Clause), of as many rows or columns at a time as a SIMD register
// holds.
#include "kernels/cpu/Transforms.h"

// A copy of the library for every instruction set, without threads of its own.
#define DUCC0_NAMESPACE GNR_CPU_JOIN(gnr_ducc0_, GNR_CPU_VARIANT)
#define DUCC0_NO_LOWLEVEL_THREADING
#include "ducc0/fft/fft1d_impl.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace DUCC0_NAMESPACE
{
namespace detail_threading
{

/** What the transforms of more than 10000 points ask for: all the work in one piece, on this thread. */
void
execStatic(std::size_t work, std::size_t, std::size_t, std::function<void(Scheduler &)> function)
{
  class OneThread : public Scheduler
  {
  public:
    explicit OneThread(std::size_t work)
      : range_(0, work)
    {}
    std::size_t
    num_threads() const override
    {
      return 1;
    }
    std::size_t
    thread_num() const override
    {
      return 0;
    }
    Range
    getNext() override
    {
      return std::exchange(range_, Range());
    }

  private:
    Range range_;
  };
  OneThread scheduler(work);
  function(scheduler);
}

} // namespace detail_threading
} // namespace DUCC0_NAMESPACE

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

namespace ducc = DUCC0_NAMESPACE;

constexpr int lanes = static_cast<int>(ducc::detail_fft::fft1d_simdlen<Real>);
using Lanes = std::conditional_t<(lanes > 1), ducc::native_simd<Real>, Real>;
using ComplexLanes = ducc::Cmplx<Lanes>;
constexpr std::size_t complexNumbersPerLanes = sizeof(Lanes) / sizeof(Complex) > 0 ? sizeof(Lanes) / sizeof(Complex)
                                                                                   : 1;

#if defined(__has_builtin)
#  if __has_builtin(__builtin_shufflevector)
#    define GNR_HAVE_SHUFFLES
#  endif
#endif

/** a[i][j] becomes a[j][i]. */
template <int size>
inline void
transpose(const Real * const * in, Real * const * out)
{
#ifdef GNR_HAVE_SHUFFLES
  // The second half of the rows is interleaved with the first until every value is where it belongs.
  if constexpr (size == 8)
  {
    typedef Real Vector __attribute__((vector_size(32), aligned(4)));
    Vector       a[8], b[8];
    for (int i = 0; i < 8; ++i)
    {
      a[i] = *reinterpret_cast<const Vector *>(in[i]);
    }
    for (int i = 0; i < 4; ++i) // within halves of registers
    {
      b[2 * i] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
      b[2 * i + 1] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 2; ++i)
    {
      a[4 * i] = __builtin_shufflevector(b[4 * i], b[4 * i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      a[4 * i + 1] = __builtin_shufflevector(b[4 * i], b[4 * i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
      a[4 * i + 2] = __builtin_shufflevector(b[4 * i + 1], b[4 * i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
      a[4 * i + 3] = __builtin_shufflevector(b[4 * i + 1], b[4 * i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (int i = 0; i < 4; ++i)
    {
      *reinterpret_cast<Vector *>(out[i]) = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
      *reinterpret_cast<Vector *>(out[i + 4]) = __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    return;
  }
  else if constexpr (size == 4)
  {
    typedef Real Vector __attribute__((vector_size(16), aligned(4)));
    Vector       a[4], b[4];
    for (int i = 0; i < 4; ++i)
    {
      a[i] = *reinterpret_cast<const Vector *>(in[i]);
    }
    for (int i = 0; i < 2; ++i)
    {
      b[2 * i] = __builtin_shufflevector(a[i], a[i + 2], 0, 4, 1, 5);
      b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 2], 2, 6, 3, 7);
    }
    for (int i = 0; i < 2; ++i)
    {
      *reinterpret_cast<Vector *>(out[2 * i]) = __builtin_shufflevector(b[i], b[i + 2], 0, 4, 1, 5);
      *reinterpret_cast<Vector *>(out[2 * i + 1]) = __builtin_shufflevector(b[i], b[i + 2], 2, 6, 3, 7);
    }
    return;
  }
#endif
  for (int i = 0; i < size; ++i)
  {
    for (int j = 0; j < size; ++j)
    {
      out[j][i] = in[i][j];
    }
  }
}

/** Value i of row j to values[i * lanes + j]; i < n. */
inline void
gatherRows(const Real * const * row, int n, Real * values)
{
  int i = 0;
  for (; i + lanes <= n; i += lanes)
  {
    const Real * in[lanes];
    Real *       out[lanes];
    for (int j = 0; j < lanes; ++j)
    {
      in[j] = row[j] + i;
      out[j] = values + static_cast<std::ptrdiff_t>(i + j) * lanes;
    }
    transpose<lanes>(in, out);
  }
  for (; i < n; ++i)
  {
    for (int j = 0; j < lanes; ++j)
    {
      values[static_cast<std::ptrdiff_t>(i) * lanes + j] = row[j][i];
    }
  }
}

/** The other way. */
inline void
scatterRows(const Real * values, int n, Real * const * row)
{
  int i = 0;
  for (; i + lanes <= n; i += lanes)
  {
    const Real * in[lanes];
    Real *       out[lanes];
    for (int j = 0; j < lanes; ++j)
    {
      in[j] = values + static_cast<std::ptrdiff_t>(i + j) * lanes;
      out[j] = row[j] + i;
    }
    transpose<lanes>(in, out);
  }
  for (; i < n; ++i)
  {
    for (int j = 0; j < lanes; ++j)
    {
      row[j][i] = values[static_cast<std::ptrdiff_t>(i) * lanes + j];
    }
  }
}

class DuccRows : public RowTransform
{
public:
  explicit DuccRows(int n)
    : n_(n)
    , plan_(n)
  {}
  std::size_t
  workSize() const override
  {
    return (n_ + plan_.bufsize()) * complexNumbersPerLanes;
  }

  // Between its two sides a row is r0, r1, i1, r2, i2, ...: from the second value on as complex numbers lie in memory.

  void
  forward(const Real * x, int rows, Complex * y, std::ptrdiff_t stride, Complex * work) const override
  {
    Lanes * const values = reinterpret_cast<Lanes *>(work);
    for (int first = 0; first < rows; first += lanes)
    {
      const Real * in[lanes];
      Real *       out[lanes];
      for (int j = 0; j < lanes; ++j)
      {
        const int row = std::min(first + j, rows - 1); // the last one more than once
        in[j] = x + static_cast<std::ptrdiff_t>(row) * n_;
        out[j] = &y[row * stride].re;
      }
      gatherRows(in, n_, &work->re);
      const Real * const result = reinterpret_cast<const Real *>(plan_.exec(values, values + n_, Real(1), true));
      for (int j = 0; j < lanes; ++j)
      {
        out[j][0] = result[j];
        out[j][1] = 0;
        if (n_ % 2 == 0)
        {
          out[j][n_ + 1] = 0;
        }
        out[j] += 2;
      }
      scatterRows(result + lanes, n_ - 1, out);
    }
  }

  void
  backward(Complex * y, std::ptrdiff_t stride, int rows, Real * x, Complex * work) const override
  {
    Lanes * const values = reinterpret_cast<Lanes *>(work);
    Real * const  numbers = &work->re;
    for (int first = 0; first < rows; first += lanes)
    {
      const Real * in[lanes];
      Real *       out[lanes];
      for (int j = 0; j < lanes; ++j)
      {
        const int row = std::min(first + j, rows - 1);
        in[j] = &y[row * stride].re + 2;
        out[j] = x + static_cast<std::ptrdiff_t>(row) * n_;
        numbers[j] = y[row * stride].re;
      }
      gatherRows(in, n_ - 1, numbers + lanes);
      scatterRows(reinterpret_cast<const Real *>(plan_.exec(values, values + n_, Real(1), false)), n_, out);
    }
  }

private:
  int                                 n_;
  ducc::detail_fft::pocketfft_r<Real> plan_;
};

class DuccColumns : public ColumnTransform
{
public:
  DuccColumns(int n, int width, Direction direction)
    : n_(n)
    , width_(width)
    , forward_(direction == Direction::Forward)
    , plan_(n)
  {}
  std::size_t
  workSize() const override
  {
    return 2 * (n_ + plan_.bufsize()) * complexNumbersPerLanes;
  }

  void
  apply(Complex * columns, Complex * work) const override
  {
    ComplexLanes * const values = reinterpret_cast<ComplexLanes *>(work);
    for (int first = 0; first < width_; first += lanes)
    {
      const int       count = std::min(lanes, width_ - first);
      Complex * const group = columns + first;
      count == lanes ? gather(group, lanes, &work->re) : gather(group, count, &work->re);
      const Real * const result = reinterpret_cast<const Real *>(plan_.exec(values, values + n_, Real(1), forward_));
      count == lanes ? scatter(result, lanes, group) : scatter(result, count, group);
    }
  }

private:
  /** Real parts of all columns, then their imaginary parts, for every element. */
  void
  gather(const Complex * group, int count, Real * values) const
  {
    for (int i = 0; i < n_; ++i)
    {
      const Complex * const in = group + static_cast<std::ptrdiff_t>(i) * width_;
      Real * const          out = values + static_cast<std::ptrdiff_t>(i) * 2 * lanes;
      for (int j = 0; j < count; ++j)
      {
        out[j] = in[j].re;
        out[lanes + j] = in[j].im;
      }
      for (int j = count; j < lanes; ++j)
      {
        out[j] = 0;
        out[lanes + j] = 0;
      }
    }
  }

  void
  scatter(const Real * values, int count, Complex * group) const
  {
    for (int i = 0; i < n_; ++i)
    {
      const Real * const in = values + static_cast<std::ptrdiff_t>(i) * 2 * lanes;
      Complex * const    out = group + static_cast<std::ptrdiff_t>(i) * width_;
      for (int j = 0; j < count; ++j)
      {
        out[j] = { in[j], in[lanes + j] };
      }
    }
  }

  int                                 n_;
  int                                 width_;
  bool                                forward_;
  ducc::detail_fft::pocketfft_c<Real> plan_;
};

} // namespace

std::unique_ptr<RowTransform>
makeRowTransform(int n, Direction)
{
  return std::make_unique<DuccRows>(n);
}

std::unique_ptr<ColumnTransform>
makeColumnTransform(int n, int width, Direction direction)
{
  return std::make_unique<DuccColumns>(n, width, direction);
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
