// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_FftwPlans_h
#define gnr_kernels_FftwPlans_h

#include "kernels/types.h"

#include <fftw3.h>

#include <map>
#include <mutex>
#include <tuple>

namespace gnr
{

#ifdef GNR_DOUBLE_PRECISION
#  define GNR_FFTW(name) fftw_##name
#else
#  define GNR_FFTW(name) fftwf_##name
#endif

using FftwPlan = GNR_FFTW(plan);
using FftwComplex = GNR_FFTW(complex);

/** FFTW plans of one backend, made once per size.
 *
 * Plans are single-threaded and estimated, never measured: the kernels run independent transforms on their threads, so
 * results have the same bits for any number of threads and from run to run. */
class FftwPlans
{
public:
  FftwPlans() = default;
  ~FftwPlans();
  FftwPlans(const FftwPlans &) = delete;
  FftwPlans &
  operator=(const FftwPlans &) = delete;

  /** Real-to-complex (complex-to-real, which destroys its input) transform of one row of n values, out of place; the
   * complex side starts on 16 bytes. */
  FftwPlan
  forwardRow(int n);
  FftwPlan
  backwardRow(int n);

  /** `width` interleaved complex transforms of length n, in place: element i of transform j at i * width + j. */
  FftwPlan
  column(int n, int width, int sign);

private:
  std::mutex                                    mutex_;
  std::map<std::tuple<int, int, int>, FftwPlan> plans_;
};

} // namespace gnr

#endif
