// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_Control_h
#define gnr_optimization_Control_h

#include "gnr/Report.h"

#include <optional>

namespace gnr
{

/** The solver's way to the outside: told of every step, asked inside Krylov iterations whether to go on. */
class Control
{
public:
  virtual ~Control() = default;

  /** A reason to end the solve now and keep the result, if there is one. May throw Error(Aborted). Collective. */
  virtual std::optional<StopReason>
  interruption() = 0;

  /** Wall time since the start of the solve. */
  virtual double
  seconds() const = 0;

  virtual void
  onIteration(const IterationRecord & record) = 0;

  /** Before each Newton step: the state is one that a solve can go on from. */
  virtual void
  betweenSteps()
  {}
};

} // namespace gnr

#endif
