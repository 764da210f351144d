// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_Threads_h
#define gnr_kernels_Threads_h

namespace gnr
{

/** Starts the threads of OpenMP for loops of this thread, which OpenMP keeps for the next ones of as many threads.
 * Throws Error where the system does not give them: the library of OpenMP would end the program. */
void
startLoopThreads(int threads);

} // namespace gnr

#endif
