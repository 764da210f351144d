// SPDX-License-Identifier: Apache-2.0
#include "parallel/mpi/Runtime.h"

#include "parallel/Silence.h"
#include "parallel/mpi/Beats.h"
#include "parallel/mpi/Leftovers.h"

#include "gnr/Error.h"

#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace gnr
{
namespace mpi
{
namespace
{

// How long the end of a program waits for the others after a failure: they have to finish a computation, and to say
// what has happened before a launcher ends them because this process has gone.
constexpr double farewellSeconds = 10.0;

std::atomic<bool> hasFailed{ false };

double
now()
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string
versionText()
{
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int  length = 0;
  MPI_Get_library_version(text, &length);
  return std::string(text, length);
}

/** The symbols of a library that the program has loaded before come first, and those of Open MPI and MPICH have the
 * same names and different types. */
void
checkLibrary()
{
  const bool isOpenMpi = versionText().find("Open MPI") != std::string::npos;
#ifdef OMPI_MAJOR_VERSION
  const bool   isRight = isOpenMpi;
  const char * built = "Open MPI";
#else
  const bool   isRight = !isOpenMpi;
  const char * built = "MPICH or a library compatible with it";
#endif
  if (!isRight)
  {
    throw Error(ErrorKind::BadInput,
                "several processes (MPI): this program has loaded " + libraryName() +
                  " and the plugin gnr-mpi was built with " + built +
                  "; build the plugin with the library of the program (-DMPI_C_COMPILER=<its mpicc>)");
  }
}

/** The parts that an MPI library loads may look for its symbols among the global ones, and a plugin of ITK, Python or
 * Slicer is not loaded so. */
void
makeSymbolsGlobal()
{
  Dl_info info{};
  if (dladdr(reinterpret_cast<void *>(&MPI_Init_thread), &info) != 0 && info.dli_fname != nullptr)
  {
    dlopen(info.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD); // a failure shows in MPI_Init_thread
  }
}

/** Sleeps rather than spins: the others may be at work for long (the root writes files). False: they do not all come.
 */
bool
meetAtTheEnd()
{
  MPI_Request  request = MPI_REQUEST_NULL;
  int          done = locked([&] { return MPI_Ibarrier(MPI_COMM_WORLD, &request); }) == MPI_SUCCESS ? 0 : -1;
  Patience     patience(true);
  const double begin = now();
  while (done == 0)
  {
    if (locked([&] { return MPI_Test(&request, &done, MPI_STATUS_IGNORE); }) != MPI_SUCCESS)
    {
      done = -1;
    }
    if (done == 0)
    {
      if ((hasFailed || !silentRanks().empty()) && now() - begin > farewellSeconds)
      {
        return false;
      }
      drainLeftovers();
      patience.wait();
    }
  }
  return done > 0;
}

/** At exit. */
void
finalize()
{
  if (!isUp())
  {
    endBeats();
    return;
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const bool haveAllCome = meetAtTheEnd();
  endBeats();
  if (haveAllCome && meetAtTheEnd()) // once more, so that no beat is under way
  {
    MPI_Finalize();
  }
}

const char *
nameOfLevel(int level)
{
  return level == MPI_THREAD_SINGLE     ? "MPI_THREAD_SINGLE"
         : level == MPI_THREAD_FUNNELED ? "MPI_THREAD_FUNNELED"
                                        : "MPI_THREAD_SERIALIZED";
}

} // namespace

bool
isUp()
{
  int is = 0, was = 0;
  MPI_Initialized(&is);
  MPI_Finalized(&was);
  return is != 0 && was == 0;
}

void
bringUp()
{
  checkLibrary();
  int was = 0;
  MPI_Finalized(&was);
  if (was != 0)
  {
    throw Error(ErrorKind::BadInput,
                "several processes (MPI): this program has finalised MPI, which cannot be initialised again; register "
                "before MPI_Finalize");
  }
  if (!isUp())
  {
    silenceLimit(); // refuses what it is not, before anybody waits
    makeSymbolsGlobal();
    int       level = MPI_THREAD_SINGLE;
    const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level);
    if (code != MPI_SUCCESS)
    {
      throw Error(ErrorKind::BadInput,
                  "several processes (MPI): " + libraryName() + " cannot be initialised (error " +
                    std::to_string(code) + "); see what it has printed, and try mpirun -np 2 hostname");
    }
    std::atexit(&finalize);
    if (level >= MPI_THREAD_SERIALIZED)
    {
      beginBeats();
    }
  }
  checkThread();
}

void
checkThread()
{
  int level = MPI_THREAD_SINGLE;
  MPI_Query_thread(&level);
  if (level >= MPI_THREAD_SERIALIZED)
  {
    return;
  }
  // With less, the thread that has initialised MPI may still use it; our other threads do not.
  int isMain = 0;
  MPI_Is_thread_main(&isMain);
  if (isMain == 0)
  {
    throw Error(ErrorKind::BadInput,
                std::string("several processes (MPI): this program has initialised MPI with ") + nameOfLevel(level) +
                  ", which allows no other thread than that one to use it; initialise with MPI_Init_thread and "
                  "MPI_THREAD_SERIALIZED, or register in the thread that has initialised MPI");
  }
}

void
noteFailure()
{
  hasFailed = true;
}

std::string
libraryName()
{
  // "Open MPI v4.1.4, package: ...", "MPICH Version:\t4.0.2\nMPICH Release date:..."
  std::string text = versionText();
  text.erase(std::min(text.find_first_of(",\n"), text.size()));
  const auto replace = [&text](const std::string & from, const std::string & to) {
    if (const auto at = text.find(from); at != std::string::npos)
    {
      text.replace(at, from.size(), to);
    }
  };
  replace("Open MPI v", "Open MPI ");
  replace(" Version:", "");
  replace("\t", " ");
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0'))
  {
    text.pop_back();
  }
  return text;
}

void
Patience::wait()
{
  ++turn_;
  if (turn_ < spins && !crowded_)
  {
    return;
  }
  if (begin_ == 0.0)
  {
    begin_ = now();
  }
  // Some libraries move a few kilobytes at each look alone: several looks between two sleeps.
  constexpr unsigned int looks = 16;
  const double           waited = now() - begin_;
  if (waited < 2e-3 || turn_ % looks != 0)
  {
    sched_yield();
  }
  else
  {
    std::this_thread::sleep_for(std::chrono::microseconds(waited < 0.1 ? 50 : 500));
  }
}

double
Patience::seconds() const
{
  return begin_ == 0.0 ? 0.0 : now() - begin_;
}

} // namespace mpi
} // namespace gnr
