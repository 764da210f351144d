// SPDX-License-Identifier: Apache-2.0
#include "FslOption.h"

#include "common/cli/CommandLineError.h"

#include <algorithm>

namespace gnrapp
{

void
AddFslImages(ArgumentParser &           parser,
             std::optional<FslImages> & target,
             const std::string &        group,
             const std::string &        user)
{
  Describe(parser
             .add_option_function<std::vector<std::string>>(
               "--fsl-images",
               [&target](const std::vector<std::string> & names) { target = FslImages{ names[0], names[1] }; },
               "For a matrix of FLIRT in " + user + ": the images of flirt -ref and flirt -in, NIfTI.")
             ->expected(2),
           group,
           "REFERENCE INPUT",
           "none");
}

void
CheckFslImages(const std::optional<FslImages> & images,
               const std::vector<std::string> & transforms,
               const std::string &              user)
{
  if (images && std::none_of(transforms.begin(), transforms.end(), NeedsFslImages))
  {
    throw CommandLineError(
      "--fsl-images: there is no matrix of FLIRT that needs them. Leave them out, or give one by " + user);
  }
}

} // namespace gnrapp
