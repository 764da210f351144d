// SPDX-License-Identifier: Apache-2.0
#include "kernels/Plugin.h"
#include "kernels/kernels.h"

namespace gnr
{

std::unique_ptr<Kernels>
makeCudaKernels(int processOnMachine)
{
  using Make = Kernels * (*)(int);
  const auto make = reinterpret_cast<Make>(
    pluginFunction("gnr-cuda",
                   "gnrMakeCudaKernels",
                   "device cuda",
                   "build it with -DGaussNewtonRegistration_CUDA=ON or install the package that has it, and the "
                   "libraries of CUDA that it names (cuFFT), or take --device cpu"));
  return std::unique_ptr<Kernels>(make(processOnMachine));
}

} // namespace gnr
