// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_LandmarkStart_h
#define gnr_registration_LandmarkStart_h

#include "optimization/Control.h"
#include "registration/StartCandidate.h"

namespace gnr
{

/** What brings the landmarks together if nothing is asked of the images: a large motion which they would not show the
 * way to [Q4]. */
class LandmarkStart : public StartCandidate
{
public:
  /** All must outlive this. \param control is asked whether to go on. */
  LandmarkStart(const Options & options, const Preparation & prepared, Control & control)
    : options_(options)
    , prepared_(prepared)
    , control_(control)
  {}

  /** Solves for it on the grid of the pyramid, with what the images take left out. Collective. */
  bool
  propose(Pyramid & pyramid, Buffer & velocity) const override;

private:
  const Options &     options_;
  const Preparation & prepared_;
  Control &           control_;
};

} // namespace gnr

#endif
