/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef gnrapp_ScalingReport_h
#define gnrapp_ScalingReport_h

#include "gnr/Options.h"
#include "gnr/Report.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace gnrapp
{

/** What doc/scaling.md predicts for a registration that has been planned, by so many processes: memory, messages and
 * times for documented figures, as lines of text. Throws gnr::Error where there are more processes than planes. */
std::vector<std::string>
DescribeScaling(const gnr::MemoryPlan & plan, const gnr::Options & options, int processes);

/** The same for one that has been run, with the steps that it took, as part of the JSON report. */
nlohmann::ordered_json
DescribeScaling(const gnr::Report & report, const gnr::Options & options);

} // namespace gnrapp

#endif
