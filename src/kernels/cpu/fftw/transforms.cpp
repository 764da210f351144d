// SPDX-License-Identifier: Apache-2.0
// FFTW: plans are estimated, never measured.
#include "kernels/cpu/Transforms.h"

#include "gnr/Error.h"

#include <fftw3.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>

/** FFTW's own ends the program where there is no memory. It is called from within FFTW by way of the dynamic linker, so
 * that this one, which is compiled for each instruction set, takes its place; frames of FFTW can be unwound. */
extern "C" __attribute__((weak, visibility("default"))) void
fftwf_assertion_failed(const char * condition, int line, const char * file)
{
  if (std::strstr(file, "alloc.c") != nullptr)
  {
    throw std::bad_alloc();
  }
  std::fprintf(stderr, "fftw: %s:%d: assertion failed: %s\n", file, line, condition); // a defect, told as FFTW does
  std::abort();
}

namespace gnr
{

/** FFTW's planner is not thread-safe, and other users of FFTW in this process may plan too; this guards ours, those of
 * all instruction sets. */
inline std::mutex &
fftwPlannerMutex()
{
  static std::mutex mutex;
  return mutex;
}

namespace GNR_CPU_NAMESPACE
{
namespace
{

fftwf_complex *
fftwComplex(Complex * x)
{
  return reinterpret_cast<fftwf_complex *>(x);
}

/** SIMD codelets may rely on rows that start on 16 bytes, which those of other lengths do not. */
unsigned
alignmentFlag(int n)
{
  return n * sizeof(Real) % 16 == 0 ? 0u : FFTW_UNALIGNED;
}

class Plan
{
public:
  Plan(fftwf_plan plan, const char * what, int a, int b)
    : plan_(plan)
  {
    if (plan == nullptr)
    {
      throw Error(ErrorKind::OutOfResources,
                  std::string("FFTW could not plan ") + what + " of " + std::to_string(a) + " x " + std::to_string(b) +
                    " points; is there enough memory?");
    }
  }
  ~Plan()
  {
    const std::lock_guard<std::mutex> lock(fftwPlannerMutex());
    fftwf_destroy_plan(plan_);
  }
  Plan(const Plan &) = delete;
  Plan &
  operator=(const Plan &) = delete;
  fftwf_plan
  get() const
  {
    return plan_;
  }

private:
  fftwf_plan plan_;
};

fftwf_plan
planRow(int n, Direction direction)
{
  const std::lock_guard<std::mutex> lock(fftwPlannerMutex());
  const Scratch                     realRow(n), complexRow(n / 2 + 1);
  float * const                     x = &realRow.data()->re;
  fftwf_complex * const             y = fftwComplex(complexRow.data());
  return direction == Direction::Forward
           ? fftwf_plan_dft_r2c_1d(n, x, y, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT | alignmentFlag(n))
           : fftwf_plan_dft_c2r_1d(n, y, x, FFTW_ESTIMATE | FFTW_DESTROY_INPUT | alignmentFlag(n));
}

fftwf_plan
planColumns(int n, int width, Direction direction)
{
  const std::lock_guard<std::mutex> lock(fftwPlannerMutex());
  const Scratch                     scratch(static_cast<std::size_t>(n) * width);
  fftwf_complex * const             y = fftwComplex(scratch.data());
  const int                         sign = direction == Direction::Forward ? FFTW_FORWARD : FFTW_BACKWARD;
  return fftwf_plan_many_dft(1, &n, width, y, &n, width, 1, y, &n, width, 1, sign, FFTW_ESTIMATE);
}

class FftwRows : public RowTransform
{
public:
  FftwRows(int n, Direction direction)
    : n_(n)
    , plan_(planRow(n, direction), "rows", n, 1)
  {}
  std::size_t
  workSize() const override
  {
    return 0;
  }
  void
  forward(const Real * x, int rows, Complex * y, std::ptrdiff_t stride, Complex *) const override
  {
    for (int j = 0; j < rows; ++j)
    {
      Real * const row = const_cast<Real *>(x) + static_cast<std::ptrdiff_t>(j) * n_; // preserved
      fftwf_execute_dft_r2c(plan_.get(), row, fftwComplex(y + j * stride));
    }
  }
  void
  backward(Complex * y, std::ptrdiff_t stride, int rows, Real * x, Complex *) const override
  {
    for (int j = 0; j < rows; ++j)
    {
      fftwf_execute_dft_c2r(plan_.get(), fftwComplex(y + j * stride), x + static_cast<std::ptrdiff_t>(j) * n_);
    }
  }

private:
  int  n_;
  Plan plan_;
};

class FftwColumns : public ColumnTransform
{
public:
  FftwColumns(int n, int width, Direction direction)
    : plan_(planColumns(n, width, direction), "columns", n, width)
  {}
  std::size_t
  workSize() const override
  {
    return 0;
  }
  void
  apply(Complex * columns, Complex *) const override
  {
    fftwf_execute_dft(plan_.get(), fftwComplex(columns), fftwComplex(columns));
  }

private:
  Plan plan_;
};

} // namespace

std::unique_ptr<RowTransform>
makeRowTransform(int n, Direction direction)
{
  return std::make_unique<FftwRows>(n, direction);
}

std::unique_ptr<ColumnTransform>
makeColumnTransform(int n, int width, Direction direction)
{
  return std::make_unique<FftwColumns>(n, width, direction);
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
