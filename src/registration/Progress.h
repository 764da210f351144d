// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Progress_h
#define gnr_registration_Progress_h

#include "optimization/Control.h"

#include "gnr/Communicator.h"
#include "gnr/Options.h"
#include "gnr/Observer.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace gnr
{

/** Between the solver and the observer: clock, requests, and a progress that never falls. Requests are agreed on by all
 * processes, so that they leave the solve together. */
class Progress : public Control
{
public:
  /** Called when the state can be written: before each Newton step and, inside it, where somebody `isAsked` for that or
   * ends the solve. */
  using OnState = std::function<void(bool isAsked)>;

  /** \param report gets the messages. \param onState may be empty. */
  Progress(Observer *      observer,
           const Options & options,
           Communicator &  communicator,
           Report &        report,
           OnState         onState = {});

  /** \param shares of the work of each level, to sum to one. \param level that is the first to be worked on.
   * \param earlierSeconds of processes from which this one goes on; the time limit is that of this one. */
  void
  begin(std::vector<double> shares, int level = 0, double earlierSeconds = 0.0);

  /** A solve on a grid begins; there may be several on one. */
  void
  beginLevel(int level, const Grid & grid, double beta);
  /** A grid is done with. */
  void
  endLevel(int level);
  void
  inputsRead();
  void
  finish();
  void
  message(const std::string & text);

  std::optional<StopReason>
  interruption() override;
  double
  seconds() const override;
  /** Of this process alone. */
  double
  ownSeconds() const;
  void
  onIteration(const IterationRecord & record) override;
  void
  betweenSteps() override;

private:
  void
  raise(double share);
  void
  tell(const Event & event);

  Observer *                            observer_;
  const Options &                       options_;
  Communicator &                        communicator_;
  Report &                              report_;
  OnState                               onState_;
  bool                                  isEnding_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double                                earlierSeconds_ = 0.0;
  std::vector<double>                   shares_;
  double                                done_ = 0.0; ///< by finished levels
  int                                   level_ = 0;
  double                                shown_ = 0.0;
};

} // namespace gnr

#endif
