// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_testing_h
#define gnr_test_core_testing_h

#include "device.h"

#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace gnr
{
namespace test
{

constexpr double pi = 3.14159265358979323846;

/** Relative rounding error of a stored value is at most half of this. */
constexpr double epsilon = std::numeric_limits<Real>::epsilon();

/** What a wave sampled by std::cos is off by: its argument, up to 2 pi times the frequencies, is rounded in double. */
constexpr double sampling = 100 * std::numeric_limits<double>::epsilon();

constexpr Real notANumber = std::numeric_limits<Real>::quiet_NaN();

using Values = std::vector<Real>;

//---- backends
//-----------------------------------------------------------------------------------------------------------

enum class Backend
{
  Reference,
  Cpu,
  Cuda
};

inline std::string
nameOf(Backend backend)
{
  return backend == Backend::Reference ? "Reference" : (backend == Backend::Cpu ? "Cpu" : "Cuda");
}

/** For the messages of GoogleTest. */
inline void
PrintTo(Backend backend, std::ostream * stream)
{
  *stream << nameOf(backend);
}

inline std::unique_ptr<Kernels>
makeBackend(Backend backend)
{
  return backend == Backend::Reference ? makeReferenceKernels()
                                       : (backend == Backend::Cpu ? makeCpuKernels(2) : makeCudaKernels());
}

/** Those that are compared with the reference. */
inline std::vector<Backend>
fastBackends()
{
  std::vector<Backend> backends{ Backend::Cpu };
  if (hasCuda())
  {
    backends.push_back(Backend::Cuda);
  }
  return backends;
}

inline std::vector<Backend>
allBackends()
{
  std::vector<Backend> backends = fastBackends();
  backends.insert(backends.begin(), Backend::Reference);
  return backends;
}

/** A suite that runs on every backend; close it with GNR_TEST_EVERY_BACKEND. */
class BackendTest : public ::testing::TestWithParam<Backend>
{
protected:
  BackendTest()
    : owner_(makeBackend(GetParam()))
    , kernels(*owner_)
  {}

private:
  std::unique_ptr<Kernels> owner_;

protected:
  Kernels & kernels;
};

#define GNR_TEST_EVERY_BACKEND(suite)                                                                                  \
  INSTANTIATE_TEST_SUITE_P(, suite, ::testing::ValuesIn(allBackends()), [](const auto & i) { return nameOf(i.param); })

//---- memory
//-------------------------------------------------------------------------------------------------------------

/** Values in the memory of a backend. */
template <typename T>
class Array
{
public:
  Array(Kernels & kernels, std::size_t n)
    : kernels_(kernels)
    , size_(n)
    , data_(static_cast<T *>(kernels.allocate(n * sizeof(T))))
  {}
  Array(Kernels & kernels, const std::vector<T> & values)
    : Array(kernels, values.size())
  {
    set(values);
  }
  ~Array() { kernels_.deallocate(data_); }
  Array(const Array &) = delete;
  Array &
  operator=(const Array &) = delete;

  T *
  data() const
  {
    return data_;
  }
  void
  set(const std::vector<T> & values) const
  {
    kernels_.copyFromHost(values.data(), data_, size_ * sizeof(T));
  }
  std::vector<T>
  get() const
  {
    std::vector<T> values(size_);
    kernels_.copyToHost(data_, values.data(), size_ * sizeof(T));
    return values;
  }

private:
  Kernels &   kernels_;
  std::size_t size_;
  T *         data_;
};

/** A field with halos whose rows are longer than needed; everything outside the halos stays NaN, so that a kernel that
 * reads too far shows. */
class PaddedArray
{
public:
  PaddedArray(Kernels & kernels, const Extents & extents, int haloX, int haloY, int haloZ)
    : kernels_(kernels)
    , rowStride_(extents.nx + 2 * haloX + 3)
    , planeStride_(rowStride_ * (extents.ny + 2 * haloY + 1))
    , host_(static_cast<std::size_t>(planeStride_) * (extents.nz + 2 * haloZ) + 7, notANumber)
    , origin_(haloX + 2 + rowStride_ * haloY + planeStride_ * haloZ)
    , memory_(kernels, host_)
  {
    padded_.origin = memory_.data() + origin_;
    padded_.interior = extents;
    padded_.halo[0] = haloX;
    padded_.halo[1] = haloY;
    padded_.halo[2] = haloZ;
    padded_.rowStride = rowStride_;
    padded_.planeStride = planeStride_;
  }

  const Padded &
  view() const
  {
    return padded_;
  }

  /** Value at a point of the interior or of the halo (host copy of the last set...() or fetch()). */
  Real &
  at(int i, int j, int k)
  {
    return host_[origin_ + i + j * rowStride_ + k * planeStride_];
  }

  void
  fetch()
  {
    host_ = memory_.get();
  }

  /** f(i, j, k) at every point, also in the halos. */
  template <typename Function>
  void
  setFunction(Function f)
  {
    const Extents & e = padded_.interior;
    for (int k = -padded_.halo[2]; k < e.nz + padded_.halo[2]; ++k)
    {
      for (int j = -padded_.halo[1]; j < e.ny + padded_.halo[1]; ++j)
      {
        for (int i = -padded_.halo[0]; i < e.nx + padded_.halo[0]; ++i)
        {
          at(i, j, k) = static_cast<Real>(f(i, j, k));
        }
      }
    }
    memory_.set(host_);
  }

  /** The values, continued periodically: x and y by the kernel, z here, as the halo exchange does between processes. */
  void
  setPeriodic(const Values & values)
  {
    const Array<Real> source(kernels_, values);
    kernels_.pad(source.data(), padded_);
    fetch();
    const Extents & e = padded_.interior;
    for (int k = -padded_.halo[2]; k < e.nz + padded_.halo[2]; ++k)
    {
      const int from = (k % e.nz + e.nz) % e.nz;
      for (int j = -padded_.halo[1]; j < e.ny + padded_.halo[1]; ++j)
      {
        for (int i = -padded_.halo[0]; i < e.nx + padded_.halo[0]; ++i)
        {
          at(i, j, k) = at(i, j, from);
        }
      }
    }
    memory_.set(host_);
  }

private:
  Kernels &      kernels_;
  std::ptrdiff_t rowStride_;
  std::ptrdiff_t planeStride_;
  Values         host_;
  std::ptrdiff_t origin_;
  Array<Real>    memory_;
  Padded         padded_;
};

//---- values
//-------------------------------------------------------------------------------------------------------------

/** f(i, j, k) at every point, x fastest. */
template <typename Function>
Values
sample(const Extents & e, Function f)
{
  Values values;
  values.reserve(e.points());
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        values.push_back(static_cast<Real>(f(i, j, k)));
      }
    }
  }
  return values;
}

/** Evenly distributed in [lower, upper]; the same on every machine. */
inline Values
randomValues(std::size_t n, double lower, double upper, unsigned seed)
{
  std::mt19937 generator(seed);
  Values       values(n);
  for (Real & value : values)
  {
    value = static_cast<Real>(lower + (upper - lower) * (generator() / 4294967295.0));
  }
  return values;
}

/** Three components, one behind the other. */
inline Values
joined(const Values & x, const Values & y, const Values & z)
{
  Values all(x);
  all.insert(all.end(), y.begin(), y.end());
  all.insert(all.end(), z.begin(), z.end());
  return all;
}

/** Largest |a - b|; infinite if anything is not a number or the lengths differ. */
template <typename A, typename B>
double
maximumDifference(const A & a, const B & b)
{
  double largest = a.size() == b.size() ? 0.0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
  {
    const double difference = std::abs(double(a[i]) - double(b[i]));
    if (std::isnan(difference))
    {
      return std::numeric_limits<double>::infinity();
    }
    largest = difference > largest ? difference : largest;
  }
  return largest;
}

/** Largest |a|, infinite if one is not a number. */
inline double
maximumOf(const Values & a)
{
  return maximumDifference(a, Values(a.size(), Real(0)));
}

/** The order p of error ~ h^p from the errors at h and h / refinement. */
inline double
observedOrder(double coarse, double fine, double refinement)
{
  return std::log(coarse / fine) / std::log(refinement);
}

/** Inner product, accumulated in double. */
inline double
innerProduct(const Values & a, const Values & b)
{
  double total = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    total += double(a[i]) * double(b[i]);
  }
  return total;
}

} // namespace test
} // namespace gnr

#endif
