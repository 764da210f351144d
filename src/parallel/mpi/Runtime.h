// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_Runtime_h
#define gnr_parallel_mpi_Runtime_h

#include <mpi.h>

#include <string>

namespace gnr
{
namespace mpi
{

/** True between MPI_Init and MPI_Finalize, whoever calls them. */
bool
isUp();

/** Initialises MPI if nobody has, and then finalises it when the program ends. Collective in the first case.
 * Throws Error(BadInput) where the library is not the one that this plugin was compiled for, where MPI has been
 * finalised, or where this thread may not use it. */
void
bringUp();

/** Throws Error(BadInput) where the program has initialised MPI so that this thread may not use it. */
void
checkThread();

/** After a failure, finalising could wait for ever for processes that are in another mind: the end of the program then
 * waits a while only. */
void
noteFailure();

/** As in `Open MPI 4.1.4`. */
std::string
libraryName();

/** Waits: fast for what comes soon, and cheap for the other processes of the machine for what does not. */
class Patience
{
public:
  /** \param crowded there are more processes than processors: give way from the beginning. */
  explicit Patience(bool crowded)
    : crowded_(crowded)
  {}
  /** Call after each look in vain. */
  void
  wait();
  /** Seconds of waiting so far; counted from the first moment that was not a short one. */
  double
  seconds() const;
  /** True if what is rare need not be looked for at this turn. */
  bool
  isShort() const
  {
    return turn_ % 8 != 0 && turn_ < spins;
  }

private:
  static constexpr unsigned int spins = 200;
  bool                          crowded_;
  unsigned int                  turn_ = 0;
  double                        begin_ = 0.0;
};

} // namespace mpi
} // namespace gnr

#endif
