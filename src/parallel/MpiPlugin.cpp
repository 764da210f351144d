// SPDX-License-Identifier: Apache-2.0
// Everything about MPI that the core does itself; the rest is in the plugin gnr-mpi (parallel/mpi).
#include "kernels/Plugin.h"
#include "parallel/MpiPlugin.h"

#include "gnr/Communicator.h"
#include "gnr/Error.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace gnr
{
namespace
{

/** Loaded files that may hold MPI: libmpi.so.40, libmpich.so.12, libmpi_cray.so, ... */
int
collectMpiLibraries(dl_phdr_info * info, std::size_t, void * names)
{
  const std::string file = info->dlpi_name != nullptr ? info->dlpi_name : "";
  if (file.compare(file.rfind('/') + 1, 6, "libmpi") == 0)
  {
    static_cast<std::vector<std::string> *>(names)->push_back(file);
  }
  return 0;
}

/** MPI_Initialized and MPI_Finalized have this signature in every library, and may be called at any time. */
bool
asks(void * scope, const char * function)
{
  using Query = int (*)(int *);
  const auto query = reinterpret_cast<Query>(dlsym(scope, function));
  int        answer = 0;
  return query != nullptr && query(&answer) == 0 && answer != 0;
}

bool
isInitializedIn(void * scope)
{
  return asks(scope, "MPI_Initialized") && !asks(scope, "MPI_Finalized");
}

std::optional<long>
numberFrom(const char * variable)
{
  const char * const text = std::getenv(variable);
  if (text == nullptr || *text == '\0')
  {
    return std::nullopt;
  }
  char *     end = nullptr;
  const long number = std::strtol(text, &end, 10);
  return *end == '\0' && number >= 0 ? std::optional<long>(number) : std::nullopt;
}

bool
isSet(const char * variable)
{
  return std::getenv(variable) != nullptr;
}

} // namespace

bool
isMpiInitialized()
{
  if (isInitializedIn(RTLD_DEFAULT)) // also a library that is linked into the program
  {
    return true;
  }
  // Python modules and plugins keep theirs to themselves (RTLD_LOCAL): ask each one. RTLD_NOLOAD opens none anew.
  std::vector<std::string> names;
  dl_iterate_phdr(&collectMpiLibraries, &names);
  for (const std::string & name : names)
  {
    if (void * const library = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD))
    {
      const bool is = isInitializedIn(library);
      dlclose(library);
      if (is)
      {
        return true;
      }
    }
  }
  return false;
}

std::optional<int>
launchedProcesses()
{
  for (const char * variable : { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE" })
  {
    if (const auto number = numberFrom(variable); number && *number > 0)
    {
      return static_cast<int>(*number);
    }
  }
  // The shell of sbatch or salloc has SLURM_NTASKS and perhaps a step, whose number is one of the last of 32 bits, but
  // srun did not start it. Without a PMI (srun --mpi=none) the tasks know nothing of one another.
  constexpr long firstSpecialStep = 0xfffffff0;
  const auto     step = numberFrom("SLURM_STEP_ID");
  if (step && *step < firstSpecialStep && numberFrom("SLURM_PROCID") &&
      (isSet("PMIX_RANK") || isSet("PMI_RANK") || isSet("PMI_FD") || isSet("PMI_JOBID")))
  {
    for (const char * variable : { "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS" })
    {
      if (const auto number = numberFrom(variable); number && *number > 0)
      {
        return static_cast<int>(*number);
      }
    }
  }
  return std::nullopt;
}

std::shared_ptr<Communicator>
makeMpiCommunicator(std::optional<int> fortranHandle)
{
  return makeMpiCommunicator(fortranHandle, longestMpiMessage);
}

std::shared_ptr<Communicator>
makeMpiCommunicator(std::optional<int> fortranHandle, std::size_t longestMessage)
{
  const bool wasInitialized = isMpiInitialized();
  const auto function = [](const char * name) {
    return pluginFunction("gnr-mpi",
                          name,
                          "several processes (MPI)",
                          "build it with -DGaussNewtonRegistration_MPI=ON (it needs an MPI library: apt-get install "
                          "libopenmpi-dev openmpi-bin) or install the package that has it, and the MPI library that it "
                          "names (apt-get install libopenmpi3 openmpi-bin), or use one process");
  };
  const auto isPluginsInitialized = reinterpret_cast<bool (*)()>(function("gnrIsMpiInitialized"));
  const auto make = reinterpret_cast<Communicator * (*)(const int *, std::size_t)>(function("gnrMakeMpiCommunicator"));
  if (wasInitialized && !isPluginsInitialized())
  {
    throw Error(ErrorKind::BadInput,
                "several processes (MPI): this program has initialised another MPI library than the one that " +
                  pluginFile("gnr-mpi") +
                  " was built with; build the plugin with that library (-DMPI_C_COMPILER=<its mpicc>)");
  }
  std::shared_ptr<Communicator> communicator(make(fortranHandle ? &*fortranHandle : nullptr, longestMessage));
  const auto                    launched = launchedProcesses();
  if (!wasInitialized && launched && *launched != communicator->size())
  {
    throw Error(ErrorKind::BadInput,
                "several processes (MPI): the launcher has started " + std::to_string(*launched) + " of them and " +
                  communicator->description() + " connects " + std::to_string(communicator->size()) +
                  "; use the mpirun of that library, or with Slurm srun --mpi=pmix");
  }
  return communicator;
}

} // namespace gnr
