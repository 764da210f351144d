// SPDX-License-Identifier: Apache-2.0
#include "RunReport.h"

#include "common/cli/JsonText.h"
#include "common/cli/Program.h"
#include "ScalingReport.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace gnrapp
{
namespace
{

using Json = nlohmann::ordered_json;

template <typename T>
Json
ValueOrNull(const std::optional<T> & value)
{
  return value ? Json(*value) : Json(nullptr);
}

Json
Describe(const ImageFileInfo & info)
{
  return { { "file", info.path }, { "size", info.size }, { "spacingMm", info.spacing }, { "type", info.typeName } };
}

Json
Describe(const gnr::Grid & grid)
{
  return { { "size", grid.size }, { "spacingMm", grid.spacing } };
}

Json
Describe(const gnr::OptionValue & value)
{
  return std::visit(
    [](const auto & v) {
      if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>)
      {
        return Json(nullptr);
      }
      else
      {
        return Json(v);
      }
    },
    value);
}

Json
Describe(const RegistrationSettings & settings)
{
  Json options = { { "preset", settings.preset } };
  for (const gnr::OptionRow & row : *settings.optionTable)
  {
    options[row.key()] = Describe(row.member.get(settings.options));
  }
  options["histogramMatching"] = settings.histogramMatching;
  return options;
}

Json
Describe(const gnr::LevelRecord & level)
{
  Json iterations = Json::array();
  for (const gnr::IterationRecord & i : level.iterations)
  {
    iterations.push_back({ { "iteration", i.iteration },
                           { "objective", i.objective },
                           { "distance", i.distance },
                           { "regularization", i.regularization },
                           { "mismatch", i.mismatch },
                           { "relativeGradient", i.relativeGradient },
                           { "krylovIterations", i.krylovIterations },
                           { "innerIterations", i.innerIterations },
                           { "stepLength", i.stepLength },
                           { "timeSteps", i.timeSteps },
                           { "massDrift", i.massDrift },
                           { "seconds", i.seconds } });
  }
  return { { "level", level.level + 1 },
           { "grid", Describe(level.grid) },
           { "velocityGrid", Describe(level.velocityGrid) },
           { "beta", level.beta },
           { "initialObjective", level.initialObjective },
           { "initialMismatch", level.initialMismatch },
           { "initialRelativeGradient", level.initialRelativeGradient },
           { "stopReason", gnr::nameOf(level.reason) },
           { "iterations", iterations } };
}

Json
Describe(const std::optional<AlignmentRecord> & alignment)
{
  if (!alignment)
  {
    return nullptr;
  }
  return { { "method", alignment->word },
           { "matrix", alignment->matrix },
           { "offsetMm", alignment->offset },
           { "initialMutualInformation", ValueOrNull(alignment->initialInformation) },
           { "finalMutualInformation", ValueOrNull(alignment->finalInformation) },
           { "overlap", ValueOrNull(alignment->overlap) },
           { "seconds", alignment->seconds } };
}

Json
Describe(const std::optional<gnr::LandmarkDistances> & landmarks)
{
  if (!landmarks)
  {
    return nullptr;
  }
  return { { "meanBeforeMm", landmarks->meanBefore },
           { "maximumBeforeMm", landmarks->maximumBefore },
           { "meanAfterMm", landmarks->meanAfter },
           { "maximumAfterMm", landmarks->maximumAfter } };
}

Json
Describe(const std::vector<gnr::TrafficRecord> & traffic)
{
  Json result = Json::array();
  for (const gnr::TrafficRecord & record : traffic)
  {
    result.push_back({ { "purpose", record.purpose },
                       { "messages", record.total.messages },
                       { "bytes", record.total.bytes },
                       { "mostMessages", record.most.messages },
                       { "mostBytes", record.most.bytes } });
  }
  return result;
}

/** Planned and used fields of each phase; the results after the solve are not watched. */
Json
DescribePhases(const gnr::Report & report, const RegistrationSettings & settings)
{
  Json        phases = Json::array();
  std::size_t i = 0;
  for (const auto & [name, planned] : PlannedPhases(report.memoryPlan, settings))
  {
    const bool isWatched = i < report.phaseBytes.size() && report.phaseBytes[i].first == name;
    phases.push_back({ { "name", name },
                       { "plannedFieldBytes", planned },
                       { "peakFieldBytes", isWatched ? Json(report.phaseBytes[i].second) : Json(nullptr) } });
    ++i;
  }
  return phases;
}

} // namespace

std::vector<std::pair<std::string, std::size_t>>
PlannedPhases(const gnr::MemoryPlan & plan, const RegistrationSettings & settings)
{
  auto phases = plan.phases;
  phases.erase(
    std::remove_if(phases.begin(),
                   phases.end(),
                   [&](const auto & phase) { return phase.first == "inverse displacement" && !settings.writeInverse; }),
    phases.end());
  return phases;
}

double
RunRecord::MemoryPerVoxel() const
{
  return static_cast<double>(usage.peakBytes) / (static_cast<double>(fixed.size[0]) * fixed.size[1] * fixed.size[2]);
}

std::string
MakeJsonReport(const RegistrationSettings & settings, const RunRecord & record)
{
  const gnr::Report & r = record.report;
  Json                levels = Json::array();
  for (const gnr::LevelRecord & level : r.levels)
  {
    levels.push_back(Describe(level));
  }
  Json phases = Json::array();
  for (const auto & [name, seconds] : record.phases)
  {
    phases.push_back({ { "name", name }, { "seconds", seconds } });
  }
  Json changes = Json::array();
  for (const gnr::IntensityChange & change : r.intensityChanges)
  {
    changes.push_back({ { "exponent", change.exponent }, { "isNegative", change.isNegative } });
  }
  Json channels = Json::array();
  for (const FilePair & channel : settings.channels)
  {
    channels.push_back({ { "fixed", channel.fixed }, { "moving", channel.moving }, { "volumes", channel.volumes } });
  }
  Json time = { { "wallSeconds", record.usage.wallSeconds },
                { "cpuSeconds", record.usage.cpuSeconds },
                { "solverWallSeconds", r.wallSeconds },
                { "solverCpuSeconds", r.cpuSeconds },
                { "phases", phases } };
  for (const gnr::KernelTime & kernel : r.kernelTimes) // else there is no such array
  {
    time["kernels"].push_back(
      { { "name", kernel.name }, { "calls", kernel.calls }, { "milliseconds", kernel.milliseconds } });
  }
  Json json = {
    { "schema", "gnr-register report" },
    { "schemaVersion", 1 },
    { "versions",
      { { "gnr-register", SoftwareVersion() },
        { "ITK", ItkVersion() },
        { "fourierTransforms", FftLibrary() },
        { "buildType", BuildType() } } },
    { "inputs",
      { { "fixed", Describe(record.fixed) },
        { "moving", Describe(record.moving) },
        { "channels", std::move(channels) },
        { "fixedMask", ValueOrNull(settings.fixedMask) },
        { "movingMask", ValueOrNull(settings.movingMask) },
        { "incompressibilityImage", ValueOrNull(settings.incompressibilityImage) },
        { "initialTransform", ValueOrNull(settings.initialTransform) },
        { "fslImages", settings.fslImages ? Json{ settings.fslImages->reference, settings.fslImages->input } : Json() },
        { "initialVelocity", ValueOrNull(settings.initialVelocity) },
        { "fixedPoints", ValueOrNull(settings.fixedPoints) },
        { "movingPoints", ValueOrNull(settings.movingPoints) } } },
    { "options", Describe(settings) },
    { "alignment", Describe(record.alignment) },
    { "machine",
      { { "device", r.device },
        { "deviceReason", r.deviceReason },
        { "transport", r.transport },
        { "threads", r.threads },
        { "processes", r.processes } } },
    { "solverGrid", Describe(r.solverGrid) },
    { "levels", levels },
    { "result",
      { { "beta", r.beta },
        { "mismatch", r.mismatch },
        { "similarity", r.similarity.text() },
        { "intensityChanges", std::move(changes) },
        { "detailCorrelation",
          r.detailCorrelation
            ? Json({ { "before", r.detailCorrelation->before }, { "after", r.detailCorrelation->after } })
            : Json() },
        { "densityExponent", ValueOrNull(r.densityExponent) },
        { "massDrift", r.massDrift ? Json(*r.massDrift) : Json() },
        { "landmarks", Describe(r.landmarks) },
        { "determinant",
          { { "minimum", r.determinantMinimum }, { "maximum", r.determinantMaximum }, { "mean", r.determinantMean } } },
        { "foldedVoxels", r.foldedVoxels },
        { "maximumDisplacementMm", r.maximumDisplacement },
        { "mapSteps", r.mapSteps },
        { "newtonSteps", r.newtonSteps },
        { "hessianProducts", r.hessianProducts },
        { "innerIterations", r.innerIterations },
        { "stopReason", gnr::nameOf(r.reason) },
        { "stopDescription", gnr::describe(r.reason) } } },
    { "time", std::move(time) },
    { "memory",
      { { "peakBytes", record.usage.peakBytes },
        { "peakBytesPerVoxel", record.MemoryPerVoxel() },
        { "totalPeakBytes", record.totalPeakBytes },
        { "plannedBytes", record.memory.Total() },
        { "availableBytes", ValueOrNull(r.memoryPlan.availableBytes) },
        { "deviceBytes", r.memoryPlan.deviceBytes(r.memoryPlan.fieldBytes) },
        { "availableDeviceBytes", ValueOrNull(r.memoryPlan.availableDeviceBytes) },
        { "plannedFieldBytes", r.memoryPlan.fieldBytes },
        { "peakFieldBytes", r.fieldBytes },
        { "mostPeakFieldBytes", r.mostFieldBytes },
        { "overflowFieldBytes", r.overflowBytes },
        { "phases", DescribePhases(r, settings) } } },
    { "traffic", Describe(r.traffic) },
    { "scalingModel", DescribeScaling(r, settings.options) },
    { "files", record.files },
    { "messages", r.messages }
  };
  if (settings.bids) // the report is the sidecar of the transform
  {
    Json sidecar = settings.bids->TransformSidecar(false);
    sidecar.update(json);
    json = std::move(sidecar);
  }
  return JsonText(json);
}

} // namespace gnrapp
