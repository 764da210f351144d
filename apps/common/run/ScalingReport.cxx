// SPDX-License-Identifier: Apache-2.0
#include "ScalingReport.h"

#include "common/cli/Format.h"

#include "gnr/ScalingModel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace gnrapp
{
namespace
{

using Json = nlohmann::ordered_json;
using gnr::OperationCost;
using gnr::ScalingPrediction;

constexpr double mebibyte = 1024.0 * 1024.0;

constexpr std::array<std::pair<gnr::Purpose, const char *>, 3> purposes = {
  { { gnr::Purpose::Halo, "halo" }, { gnr::Purpose::Transpose, "transpose" }, { gnr::Purpose::Reduction, "reduction" } }
};

/** Sent by the process that sends most. */
std::string
Sent(const std::string & what, const OperationCost & cost)
{
  std::string text = Format("  %-26s", what.c_str());
  for (const auto & [purpose, name] : purposes)
  {
    const gnr::Traffic & most = cost.of(purpose).most;
    text += Format(" %12.2f MB %8.0f", static_cast<double>(most.bytes) / mebibyte, static_cast<double>(most.messages));
  }
  return text;
}

std::string
Times(const ScalingPrediction & prediction, const std::string & name)
{
  const auto seconds = [](const OperationCost & cost) {
    return Format(" %10.3g s %5.0f %%", cost.seconds(), 100.0 * cost.networkSeconds / cost.seconds());
  };
  return Format("  %-26s", name.c_str()) + seconds(prediction.product) + seconds(prediction.solve);
}

Json
Describe(const OperationCost & cost)
{
  Json json;
  for (const auto & [purpose, name] : purposes)
  {
    const gnr::PredictedTraffic & traffic = cost.of(purpose);
    json[name] = { { "messages", traffic.total.messages },
                   { "bytes", traffic.total.bytes },
                   { "mostMessages", traffic.most.messages },
                   { "mostBytes", traffic.most.bytes } };
  }
  json["computeSeconds"] = cost.computeSeconds;
  json["networkSeconds"] = cost.networkSeconds;
  return json;
}

} // namespace

std::vector<std::string>
DescribeScaling(const gnr::MemoryPlan & plan, const gnr::Options & options, int processes)
{
  const ScalingPrediction cores = gnr::predictScaling(plan, options, processes, gnr::cpuFigures(plan.threads));
  const ScalingPrediction gpus = gnr::predictScaling(plan, options, processes, gnr::gpuFigures());
  return { Format("shared by %d process%s", processes, processes == 1 ? "" : "es"),
           Format(
             "  %-26s %9.1f MB", "fields of the largest one", static_cast<double>(cores.memory.fieldBytes) / mebibyte),
           "  each sends at most                   halos messages  transpositions messages     reductions messages",
           Sent("Hessian product", cores.product),
           Sent("preconditioner", cores.preconditioner),
           Sent("Newton step", cores.newtonStep),
           Sent("whole registration", cores.solve),
           "predicted (doc/parallel.md)           product, messages  registration, messages",
           Times(cores, gnr::cpuFigures(plan.threads).name + " per process"),
           Times(gpus, gnr::gpuFigures().name + " per process") };
}

Json
DescribeScaling(const gnr::Report & report, const gnr::Options & options)
{
  gnr::SolveAssumptions assumptions;
  gnr::Options          own = options;
  if (!report.levels.empty())
  {
    assumptions.levels.assign(report.memoryPlan.levels.size(), {});
  }
  for (const gnr::LevelRecord & level : report.levels)
  {
    gnr::LevelWork work;
    for (const gnr::IterationRecord & step : level.iterations)
    {
      ++work.newtonSteps;
      work.hessianProducts += step.krylovIterations;
      work.innerIterations += step.innerIterations;
      own.timeSteps = std::max(own.timeSteps, step.timeSteps);
    }
    assumptions.levels[level.level].push_back(work);
  }
  assumptions.mapSteps = report.mapSteps;
  assumptions.displacementShare = report.maximumDisplacement / report.solverGrid.length(2);
  const bool                isGpu = report.device.rfind("CPU", 0) != 0;
  const gnr::ProcessFigures figures = isGpu ? gnr::gpuFigures() : gnr::cpuFigures(report.threads);
  const ScalingPrediction   p = gnr::predictScaling(report.memoryPlan, own, report.processes, figures, assumptions);
  return { { "figures", figures.name },
           { "fieldBytes", p.memory.fieldBytes },
           { "interpolationHalo", assumptions.interpolationHalo },
           { "product", Describe(p.product) },
           { "preconditioner", Describe(p.preconditioner) },
           { "newtonStep", Describe(p.newtonStep) },
           { "solve", Describe(p.solve) } };
}

} // namespace gnrapp
