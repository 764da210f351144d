// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_FslOption_h
#define gnrapp_FslOption_h

#include "common/cli/ArgumentParser.h"
#include "TransformInput.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** Adds `--fsl-images REFERENCE INPUT`.
 * \param user the options whose files need it */
void
AddFslImages(ArgumentParser &           parser,
             std::optional<FslImages> & target,
             const std::string &        group,
             const std::string &        user);

/** Refuses images of FSL without a file that needs them.
 * \param transforms all files; may have empty names
 * \param user the option that they were given by */
void
CheckFslImages(const std::optional<FslImages> & images,
               const std::vector<std::string> & transforms,
               const std::string &              user);

} // namespace gnrapp

#endif
