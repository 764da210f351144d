// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Communicator_h
#define gnr_Communicator_h

#include "GaussNewtonRegistrationExport.h"

#include <cstddef>
#include <memory>

namespace gnr
{

/** The processes that share one registration.
 *
 * Only the three patterns of doc/mathematics.md, "Distribution", exist: exchange with neighbours along z, all-to-all
 * for the FFT transposition, and reductions in a fixed order. Buffers are host memory. Every call is collective. */
class GaussNewtonRegistration_EXPORT Communicator
{
public:
  virtual ~Communicator() = default;

  virtual int
  rank() const = 0;
  virtual int
  size() const = 0;

  /** In-place sum, minimum, maximum over all ranks of `count` doubles; the same bits on every rank. */
  virtual void
  sum(double * values, std::size_t count) = 0;
  virtual void
  minimum(double * values, std::size_t count) = 0;
  virtual void
  maximum(double * values, std::size_t count) = 0;

  /** Sends `sendBytes` to rank `to` while receiving `receiveBytes` from rank `from` (both may be this rank). */
  virtual void
  exchange(const void * send, std::size_t sendBytes, int to, void * receive, std::size_t receiveBytes, int from) = 0;
};

/** The communicator of a single process. */
GaussNewtonRegistration_EXPORT std::shared_ptr<Communicator>
                               makeSelfCommunicator();

} // namespace gnr

#endif
