// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Threads_h
#define gnr_Threads_h

#include "GaussNewtonRegistrationExport.h"

namespace gnr
{

/** Whether the system gives so many further threads, all at once; they have ended again. For libraries that end the
 * program where it does not: what they start next is there. */
GaussNewtonRegistration_EXPORT bool
canStartThreads(int threads);

} // namespace gnr

#endif
