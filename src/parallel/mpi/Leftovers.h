// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_Leftovers_h
#define gnr_parallel_mpi_Leftovers_h

#include <mpi.h>

namespace gnr
{
namespace mpi
{

/** Messages on a communicator of which nobody is in need any more, after a failure: they are received all the same, now
 * and whenever drainLeftovers() is called until the end of the program, because memory that is being sent must not be
 * given back, and sending ends only when somebody receives. */
void
addLeftovers(MPI_Comm communicator);

void
drainLeftovers();

} // namespace mpi
} // namespace gnr

#endif
