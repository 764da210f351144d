// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cpu_Transforms_h
#define gnr_kernels_cpu_Transforms_h

#include "kernels/cpu/variant.h"
#include "kernels/types.h"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

/** Sign of the exponent: exp(-i k x) or exp(+i k x). Neither is normalised. */
enum class Direction
{
  Forward,
  Backward
};

/** Real-to-complex transforms of rows of n values, and complex-to-real ones of n/2+1 values. */
class RowTransform
{
public:
  virtual ~RowTransform() = default;
  /** Complex numbers that a call needs as `work`, which starts on 64 bytes. */
  virtual std::size_t
  workSize() const = 0;
  /** Row j of `rows` from x + j * n to y + j * stride; y starts on 64 bytes, stride is a multiple of 8. */
  virtual void
  forward(const Real * x, int rows, Complex * y, std::ptrdiff_t stride, Complex * work) const = 0;
  /** Row j of `rows` from y + j * stride, which is overwritten, to x + j * n. */
  virtual void
  backward(Complex * y, std::ptrdiff_t stride, int rows, Real * x, Complex * work) const = 0;
};

/** A number of interleaved complex transforms of length n, in place: element i of transform j at i * width + j. */
class ColumnTransform
{
public:
  virtual ~ColumnTransform() = default;
  virtual std::size_t
  workSize() const = 0;
  /** `columns` starts on 64 bytes. */
  virtual void
  apply(Complex * columns, Complex * work) const = 0;
};

/** The transforms of the library that CMake has chosen (GaussNewtonRegistration_FFT), made once per size.
 *
 * They run on one thread, and none is chosen by measuring: the kernels run independent ones on their threads, so that
 * results have the same bits for any number of threads and from run to run. */
class Transforms
{
public:
  const RowTransform *
  rows(int n, Direction direction);
  const ColumnTransform *
  columns(int n, int width, Direction direction);

private:
  std::mutex                                                                  mutex_;
  std::map<std::tuple<int, Direction>, std::unique_ptr<RowTransform>>         rows_;
  std::map<std::tuple<int, int, Direction>, std::unique_ptr<ColumnTransform>> columns_;
};

/** By one of the libraries: fftw/transforms.cpp, ducc/transforms.cpp. Throws Error(OutOfResources). */
std::unique_ptr<RowTransform>
makeRowTransform(int n, Direction direction);
std::unique_ptr<ColumnTransform>
makeColumnTransform(int n, int width, Direction direction);

/** Memory of one thread that starts on a cache line. */
class Scratch
{
public:
  explicit Scratch(std::size_t complexNumbers);
  ~Scratch();
  Scratch(const Scratch &) = delete;
  Scratch &
  operator=(const Scratch &) = delete;
  Complex *
  data() const
  {
    return data_;
  }

private:
  Complex * data_;
};

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr

#endif
