// SPDX-License-Identifier: Apache-2.0
// What the core library finds in the plugin gnr-mpi.
#include "kernels/Plugin.h"
#include "parallel/mpi/MpiCommunicator.h"
#include "parallel/mpi/Runtime.h"

extern "C" GNR_PLUGIN_FUNCTION const char *
gnrPluginVersion()
{
  return gnr::pluginVersion();
}

extern "C" GNR_PLUGIN_FUNCTION bool
gnrIsMpiInitialized()
{
  return gnr::mpi::isUp();
}

extern "C" GNR_PLUGIN_FUNCTION gnr::Communicator *
                               gnrMakeMpiCommunicator(const int * fortranHandle, std::size_t longestMessage)
{
  gnr::mpi::bringUp();
  const MPI_Comm parent = fortranHandle != nullptr ? MPI_Comm_f2c(*fortranHandle) : MPI_COMM_WORLD;
  return new gnr::mpi::MpiCommunicator(parent, longestMessage);
}
