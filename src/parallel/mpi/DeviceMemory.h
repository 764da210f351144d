// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_DeviceMemory_h
#define gnr_parallel_mpi_DeviceMemory_h

#include <optional>
#include <string>

namespace gnr
{
namespace mpi
{

/** Why this MPI library may not be given the memory of an NVIDIA GPU, as far as it can tell; nothing: it may. */
std::optional<std::string>
refusesDeviceMemory();

} // namespace mpi
} // namespace gnr

#endif
