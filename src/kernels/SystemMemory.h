// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_SystemMemory_h
#define gnr_kernels_SystemMemory_h

#include "kernels/FieldMemory.h"

namespace gnr
{

/** Memory of this machine for the backends that compute on its processors, in large pages where the system has them. */
MemorySource
systemMemory();

} // namespace gnr

#endif
