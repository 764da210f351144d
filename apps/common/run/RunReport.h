// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_RunReport_h
#define gnrapp_RunReport_h

#include "common/io/ImageInput.h"
#include "common/map/InitialTransform.h"
#include "RegistrationSettings.h"
#include "common/cli/ResourceUsage.h"

#include "itkGaussNewtonRegistrationMemoryNeed.h"

#include "gnr/Report.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** What one run of gnr-register needs, bytes. */
struct MemoryNeed
{
  itk::GaussNewtonRegistrationMemoryNeed filter;
  std::optional<std::size_t>             program; ///< without images and fields, where the system tells

  std::size_t
  Total() const
  {
    return filter.Largest() + program.value_or(0);
  }
};

/** The phases of a plan that the run will have, and their fields in bytes: the inverse only if it is asked for. */
std::vector<std::pair<std::string, std::size_t>>
PlannedPhases(const gnr::MemoryPlan & plan, const RegistrationSettings & settings);

/** All numbers of one run of gnr-register. */
struct RunRecord
{
  ImageFileInfo                               fixed;
  ImageFileInfo                               moving;
  std::optional<AlignmentRecord>              alignment; ///< if the initial transform was found here
  gnr::Report                                 report;
  std::vector<std::pair<std::string, double>> phases; ///< seconds of wall time, in order; also those outside the solver
  ResourceUsage                               usage;  ///< CPU time of all processes, memory of the one that took most
  std::size_t                                 totalPeakBytes = 0; ///< of all processes
  MemoryNeed                                  memory;
  std::vector<std::string>                    files;

  /** Peak memory by voxels of the fixed image, bytes. */
  double
  MemoryPerVoxel() const;
};

/** The text of PREFIX_report.json; doc/command-line.md describes its members. */
std::string
MakeJsonReport(const RegistrationSettings & settings, const RunRecord & record);

} // namespace gnrapp

#endif
