// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_device_h
#define gnr_test_core_device_h

#include "kernels/kernels.h"

#include "gnr/Error.h"

#include <iostream>
#include <memory>

namespace gnr
{
namespace test
{

/** Whether tests run on CUDA, too: always where the device is emulated (GNR_TEST_CUDA_EMULATED), where there is a GPU
 * in a build for real ones (GNR_TEST_CUDA), else never. */
inline bool
hasCuda()
{
#if defined(GNR_TEST_CUDA_EMULATED)
  return true;
#elif defined(GNR_TEST_CUDA)
  static const bool works = [] {
    try
    {
      makeCudaKernels();
      return true;
    }
    catch (const Error & error)
    {
      std::cerr << "no test runs on a GPU: " << error.what() << std::endl;
      return false;
    }
  }();
  return works;
#else
  return false;
#endif
}

/** CUDA where it is tested, else the CPU. */
inline std::unique_ptr<Kernels>
makeTestedKernels()
{
  return hasCuda() ? makeCudaKernels() : makeCpuKernels(2);
}

} // namespace test
} // namespace gnr

#endif
