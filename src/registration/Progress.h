// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Progress_h
#define gnr_registration_Progress_h

#include "optimization/Control.h"

#include "gnr/Communicator.h"
#include "gnr/Options.h"
#include "gnr/Registration.h"

#include <chrono>
#include <vector>

namespace gnr
{

/** Between the solver and the observer: clock, requests, and a progress that never falls. Requests are agreed on by all
 * processes, so that they leave the solve together. */
class Progress : public Control
{
public:
  Progress(Observer * observer, const Options & options, Communicator & communicator);

  /** \param shares of the work of each level, to sum to one. */
  void
  begin(std::vector<double> shares);

  /** A solve on a grid begins; there may be several on one. */
  void
  beginLevel(int level, const Grid & grid, double beta);
  /** A grid is done with. */
  void
  endLevel(int level);
  void
  finish();
  void
  message(const std::string & text, Report & report);

  std::optional<StopReason>
  interruption() override;
  double
  seconds() const override;
  void
  onIteration(const IterationRecord & record) override;

private:
  void
  raise(double share);

  Observer *                            observer_;
  const Options &                       options_;
  Communicator &                        communicator_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<double>                   shares_;
  double                                done_ = 0.0; ///< by finished levels
  int                                   level_ = 0;
  double                                shown_ = 0.0;
};

} // namespace gnr

#endif
