// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ScalingReport_h
#define gnrapp_ScalingReport_h

#include "gnr/Options.h"
#include "gnr/Report.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace gnrapp
{

/** What doc/parallel.md predicts for a planned registration on a number of processes: memory, messages and
 * times for documented figures, as lines of text. Throws gnr::Error where there are more processes than planes. */
std::vector<std::string>
DescribeScaling(const gnr::MemoryPlan & plan, const gnr::Options & options, int processes);

/** The same for one that has been run, with the steps that it took, as part of the JSON report. */
nlohmann::ordered_json
DescribeScaling(const gnr::Report & report, const gnr::Options & options);

} // namespace gnrapp

#endif
