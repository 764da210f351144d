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
#include "view/ReportInput.h"

#include "common/CommandLineError.h"
#include "common/Format.h"
#include "common/InputFile.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace gnrapp
{
namespace
{

using Json = nlohmann::json;

std::string
SizeText(const Json & size)
{
  return Format("%d × %d × %d", size[0].get<int>(), size[1].get<int>(), size[2].get<int>());
}

std::string
ImageText(const Json & image)
{
  const Json & mm = image["spacingMm"];
  return SizeText(image["size"]) +
         Format(", %.3g × %.3g × %.3g mm", mm[0].get<double>(), mm[1].get<double>(), mm[2].get<double>());
}

std::string
TimeText(const Json & time)
{
  return Format("%.1f s, %.1f CPU-s", time["wallSeconds"].get<double>(), time["cpuSeconds"].get<double>());
}

SolveHistory
HistoryOf(const Json & level)
{
  SolveHistory history;
  history.grid = SizeText(level["grid"]["size"]);
  history.beta = level["beta"];
  history.mismatch.push_back(level["initialMismatch"]);
  history.relativeGradient.push_back(level["initialRelativeGradient"]);
  for (const Json & iteration : level["iterations"])
  {
    history.mismatch.push_back(iteration["mismatch"]);
    history.relativeGradient.push_back(iteration["relativeGradient"]);
  }
  return history;
}

ReportInput
Interpret(const Json & json)
{
  ReportInput  report;
  const Json & inputs = json["inputs"];
  const Json & options = json["options"];
  const Json & result = json["result"];
  const Json & determinant = result["determinant"];
  report.fixed = inputs["fixed"]["file"];
  report.moving = inputs["moving"]["file"];
  if (!inputs["initialTransform"].is_null() && inputs["initialTransform"] != "identity")
  {
    report.initialTransform = inputs["initialTransform"].get<std::string>();
  }
  report.aligned = json.contains("alignment") && !json["alignment"].is_null();
  report.normalized = options["normalization"] != "none";
  report.gradientTolerance = options["gradientTolerance"];
  for (const Json & level : json["levels"])
  {
    report.solves.push_back(HistoryOf(level));
  }
  const auto  name = [](const std::string & path) { return std::filesystem::path(path).filename().string(); };
  std::string regularization = options["regularization"];
  for (char & c : regularization)
  {
    c = c == 'h' ? 'H' : c;
  }
  report.numbers = {
    { "fixed", name(report.fixed) },
    { "", ImageText(inputs["fixed"]) },
    { "moving", name(report.moving) },
    { "", ImageText(inputs["moving"]) },
    { "regularisation",
      regularization + Format(", β %.3g, γ %.3g", result["beta"].get<double>(), options["gamma"].get<double>()) +
        (options["incompressible"].get<bool>() ? ", incompressible" : "") },
    { "mismatch", Format("%.3f of the one before", result["mismatch"].get<double>()) },
    { "det(I + ∇u)",
      Format("%.3g … %.3g, mean %.3g",
             determinant["minimum"].get<double>(),
             determinant["maximum"].get<double>(),
             determinant["mean"].get<double>()) },
    { "folded voxels", std::to_string(result["foldedVoxels"].get<long long>()) },
    { "largest |u|", Format("%.2f mm", result["maximumDisplacementMm"].get<double>()) },
    { "work",
      Format("%d Newton steps, %d Hessian products",
             result["newtonSteps"].get<int>(),
             result["hessianProducts"].get<int>()) },
    { "stopped", result["stopDescription"] },
    { "time", TimeText(json["time"]) },
    { "version", "gnr-register " + json["versions"]["gnr-register"].get<std::string>() },
  };
  return report;
}

} // namespace

ReportInput
ReadReport(const std::string & path)
{
  CheckInputFile(path, "a report", "Give the PREFIX that gnr-register was given with -o");
  std::ifstream file(path, std::ios::binary);
  if (!file)
  {
    throw CommandLineError(path + ": cannot be opened (" + std::strerror(errno) + "). Check its permissions");
  }
  try
  {
    const Json json = Json::parse(file);
    if (json.value("schema", "") != "gnr-register report" || json.value("schemaVersion", 0) != 1)
    {
      throw CommandLineError(path + ": is no report of this version of gnr-register. Run gnr-register again");
    }
    return Interpret(json);
  }
  catch (const Json::exception & error)
  {
    throw CommandLineError(path + ": is no complete report (" + error.what() + "). Run gnr-register again");
  }
}

} // namespace gnrapp
