// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_launched_Job_h
#define gnr_registration_launched_Job_h

#include "gnr/Grid.h"
#include "gnr/Options.h"

#include <type_traits>

namespace gnr
{
namespace launched
{

/** What the workers shall do. In its file it comes after pluginVersion(), so that another build is noticed. */
struct Job
{
  Grid    grid;
  Options options;
  int     processes = 1;
  bool    hasFixedWeight = false;
  bool    hasMovingWeight = false;
  bool    hasVelocity = false;
};
static_assert(std::is_trivially_copyable_v<Job>, "a job goes to the workers as bytes");

} // namespace launched
} // namespace gnr

#endif
