// SPDX-License-Identifier: Apache-2.0
#include "parallel/mpi/DeviceMemory.h"

#include "parallel/mpi/Runtime.h"

#include <mpi.h>
#if defined(OMPI_MAJOR_VERSION) && __has_include(<mpi-ext.h>)
#  include <mpi-ext.h>
#endif

#include <cstdlib>

namespace gnr
{
namespace mpi
{
namespace
{

[[maybe_unused]] bool
isSetTo(const char * variable, const std::string & value)
{
  const char * const text = std::getenv(variable);
  return text != nullptr && text == value;
}

[[maybe_unused]] std::optional<std::string>
unless(bool knows, const std::string & words)
{
  return knows ? std::optional<std::string>() : libraryName() + " " + words;
}

} // namespace

std::optional<std::string>
refusesDeviceMemory()
{
#if defined(GNR_CUDA_EMULATED)
  // Any library can read the memory of the device that tests emulate, if only the emulation leaves it open.
  return unless(isSetTo("CUDA_EMULATION_MEMORY", "open"), "knows nothing of the emulated device");
#elif defined(MPIX_CUDA_AWARE_SUPPORT) // Open MPI
  return unless(MPIX_Query_cuda_support() == 1, "says that it was built without CUDA");
#elif defined(MVAPICH2_VERSION)
  return unless(isSetTo("MV2_USE_CUDA", "1"), "wants MV2_USE_CUDA=1 in the environment");
#elif defined(CRAY_MPICH_VERSION)
  return unless(isSetTo("MPICH_GPU_SUPPORT_ENABLED", "1"), "wants MPICH_GPU_SUPPORT_ENABLED=1 in the environment");
#elif defined(MPIX_GPU_SUPPORT_CUDA) // MPICH 4
  int is = 0;
  return unless(!isSetTo("MPIR_CVAR_ENABLE_GPU", "0") &&
                  MPIX_GPU_query_support(MPIX_GPU_SUPPORT_CUDA, &is) == MPI_SUCCESS && is != 0,
                "says that it was built without CUDA, or MPIR_CVAR_ENABLE_GPU=0 is in the environment");
#else
  return unless(false, "does not tell whether it knows CUDA");
#endif
}

} // namespace mpi
} // namespace gnr
