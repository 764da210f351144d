// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Context_h
#define gnr_registration_Context_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"
#include "gnr/Options.h"
#include "gnr/Report.h"

#include <memory>
#include <string>

namespace gnr
{

/** What computes a registration: the kernels of this process and its way to the others. */
struct Context
{
  std::shared_ptr<Communicator> communicator;
  std::unique_ptr<Kernels>      kernels;
  std::unique_ptr<Kernels>      hostKernels; ///< for images of the caller; null: `kernels` can read them
  int                           threads = 1;
  int                           sharers = 1; ///< processes on the GPU of this one
  std::string                   device;      ///< as in the report
  std::string                   deviceReason;
  std::string                   transport;
  bool                          isPathRefused = false; ///< messages do not go the way that the user has asked for

  /** Kernels that read the memory of the caller. */
  Kernels &
  host() const
  {
    return hostKernels ? *hostKernels : *kernels;
  }
};

/** Chooses the device. Throws Error(BadInput) where there is none as asked for. Collective. */
Context
makeContext(const Options & options, std::shared_ptr<Communicator> communicator);

} // namespace gnr

#endif
