// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_RegistrationFilter_h
#define gnrapp_RegistrationFilter_h

#include "common/io/ImageInput.h"
#include "common/map/InitialTransform.h"
#include "common/cli/Program.h"
#include "RegistrationSettings.h"
#include "RunLog.h"

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

using RegistrationFilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<RealImageType>;

/** Sources of the filter's inputs, which nobody else keeps alive: they must live as long as the filter updates. */
using ImageSources = std::vector<itk::ProcessObject::Pointer>;

/** Reads the images, masks and starts that the settings name, aligns the images if that is the start, and hands all
 * to the filter. The moving image is not kept while the filter solves, but read again from `sources` for the warped
 * image. Returns what the alignment found. Throws CommandLineError naming the file, and errors of the alignment that
 * WithFileNames() turns into such. */
std::optional<AlignmentRecord>
SetInputs(RegistrationFilterType *     filter,
          const RegistrationSettings & settings,
          const ImageFileInfo &        fixed,
          const ImageFileInfo &        moving,
          ImageSources &               sources,
          RunLog &                     log);

/** Reads the files of landmarks, if there are any, and hands the points to the filter. Throws CommandLineError naming
 * the file and the place. */
void
SetLandmarks(RegistrationFilterType * filter, const RegistrationSettings & settings);

/** Hands the options and the choice of outputs to the filter. */
void
SetParameters(RegistrationFilterType * filter, const RegistrationSettings & settings);

/** Lets the filter report its levels, steps, notes and progress to the log. */
void
Observe(RegistrationFilterType * filter, RunLog & log);

/** The filter speaks of its inputs and settings by name; the user knows them by file and option. */
std::string
NameFiles(const std::string & message, const RegistrationSettings & settings);

/** Runs f; the errors of the filter leave with the names of the files in place of those of its inputs. */
template <typename TFunction>
void
WithFileNames(const RegistrationSettings & settings, TFunction f)
{
  try
  {
    f();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    throw itk::GaussNewtonRegistrationError(
      error.GetKind(), error.GetFile(), error.GetLine(), NameFiles(PlainDescription(error.GetDescription()), settings));
  }
}

} // namespace gnrapp

#endif
