// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_CountingKernels_h
#define gnr_kernels_CountingKernels_h

#include "kernels/kernels.h"

#include <functional>
#include <memory>

namespace gnr
{

/** What a process computes: sums over the calls of kernels, by the table of costs.h. Kernels that interpolate or
 * transform may be limited by arithmetic and have their bytes apart. */
struct KernelWork
{
  double bytes = 0.0;
  double interpolations = 0.0; ///< values
  double interpolationBytes = 0.0;
  double transforms = 0.0; ///< points of one component, there or back
  double transformBytes = 0.0;
  double calls = 0.0;
};

/** Kernels that compute nothing, on arrays that have addresses but do not exist: they count what they are asked for.
 *
 * The solver runs on them as it is, so what it allocates and does is what it will allocate and do. What it would
 * conclude from values a script decides (ends(), passes(), measured()). Kernels that return numbers return one for each
 * value, finite and positive like those of any field: nothing depends on them. */
class CountingKernels : public Kernels
{
public:
  using Kernels::Kernels;

  /** Since the last clearWork(). */
  virtual const KernelWork &
  work() const = 0;
  virtual void
  clearWork() = 0;
};

/** \param real kernels of the solve, which are asked for the scratch memory that they will take.
 * \param script both must live as long as the result.
 * \param isOnDevice whether those of the solve are of a GPU, which may be on another machine than `real`.
 * \param number what kernels return for each value, 0 < number <= 1: only tests need others. */
std::unique_ptr<CountingKernels>
makeCountingKernels(
  Kernels &               real,
  Script &                script,
  bool                    isOnDevice,
  std::function<double()> number = [] { return 1.0; });

} // namespace gnr

#endif
