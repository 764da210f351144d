// SPDX-License-Identifier: Apache-2.0
// gaussnewton._core: the solver and linear interpolation on numpy arrays. Geometry and types of images are the business
// of the Python files beside this one.
#include "callbacks.h"

#include "gnr/Engine.h"
#include "gnr/Error.h"
#include "gnr/OptionTable.h"

#include "GaussNewtonRegistrationVersion.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace gnrpy;
using namespace nb::literals;

namespace
{

using Matrix = std::array<double, 12>; // 3 rows of a 3x3 matrix and an offset

nb::object
valueOrNone(const std::optional<double> & value)
{
  return value ? nb::cast(*value) : nb::none();
}

nb::dict
describe(const gnr::Grid & grid)
{
  nb::dict d;
  d["size"] = nb::cast(grid.size);
  d["spacingMm"] = nb::cast(grid.spacing);
  return d;
}

nb::dict
describe(const gnr::LevelRecord & level)
{
  nb::list iterations;
  for (const gnr::IterationRecord & i : level.iterations)
  {
    nb::dict d;
    d["iteration"] = i.iteration;
    d["objective"] = i.objective;
    d["distance"] = i.distance;
    d["regularization"] = i.regularization;
    d["mismatch"] = i.mismatch;
    d["relativeGradient"] = i.relativeGradient;
    d["krylovIterations"] = i.krylovIterations;
    d["innerIterations"] = i.innerIterations;
    d["stepLength"] = i.stepLength;
    d["timeSteps"] = i.timeSteps;
    d["massDrift"] = i.massDrift;
    d["seconds"] = i.seconds;
    iterations.append(d);
  }
  nb::dict d;
  d["level"] = level.level + 1;
  d["grid"] = describe(level.grid);
  d["beta"] = level.beta;
  d["initialObjective"] = level.initialObjective;
  d["initialMismatch"] = level.initialMismatch;
  d["initialRelativeGradient"] = level.initialRelativeGradient;
  d["stopReason"] = gnr::nameOf(level.reason);
  d["iterations"] = iterations;
  return d;
}

/** The parts of the command line's report that the solver knows, under the same names. */
nb::dict
describe(const gnr::Report & r, const gnr::Options & options)
{
  nb::dict versions, machine, result, determinant, time, memory, values, json;
  versions["gaussnewton"] = GaussNewtonRegistration_VERSION;
  versions["fourierTransforms"] = GaussNewtonRegistration_FFT;
  for (const gnr::OptionRow & row : gnr::optionTable())
  {
    values[row.key().c_str()] = row.text(options);
  }
  machine["device"] = r.device;
  machine["deviceReason"] = r.deviceReason;
  machine["threads"] = r.threads;
  machine["processes"] = r.processes;
  nb::list levels;
  for (const gnr::LevelRecord & level : r.levels)
  {
    levels.append(describe(level));
  }
  determinant["minimum"] = r.determinantMinimum;
  determinant["maximum"] = r.determinantMaximum;
  determinant["mean"] = r.determinantMean;
  result["beta"] = r.beta;
  result["mismatch"] = r.mismatch;
  result["similarity"] = r.similarity.text();
  nb::list changes;
  for (const gnr::IntensityChange & change : r.intensityChanges)
  {
    nb::dict d;
    d["exponent"] = change.exponent;
    d["isNegative"] = change.isNegative;
    changes.append(d);
  }
  result["intensityChanges"] = changes;
  result["densityExponent"] = valueOrNone(r.densityExponent);
  result["massDrift"] = valueOrNone(r.massDrift);
  result["landmarks"] = nb::none();
  if (r.landmarks)
  {
    nb::dict d;
    d["meanBeforeMm"] = r.landmarks->meanBefore;
    d["maximumBeforeMm"] = r.landmarks->maximumBefore;
    d["meanAfterMm"] = r.landmarks->meanAfter;
    d["maximumAfterMm"] = r.landmarks->maximumAfter;
    result["landmarks"] = d;
  }
  result["detailCorrelationBefore"] =
    valueOrNone(r.detailCorrelation ? std::optional(r.detailCorrelation->before) : std::nullopt);
  result["detailCorrelationAfter"] =
    valueOrNone(r.detailCorrelation ? std::optional(r.detailCorrelation->after) : std::nullopt);
  result["determinant"] = determinant;
  result["foldedVoxels"] = r.foldedVoxels;
  result["maximumDisplacementMm"] = r.maximumDisplacement;
  result["newtonSteps"] = r.newtonSteps;
  result["hessianProducts"] = r.hessianProducts;
  result["innerIterations"] = r.innerIterations;
  result["stopReason"] = gnr::nameOf(r.reason);
  result["stopDescription"] = gnr::describe(r.reason);
  time["solverWallSeconds"] = r.wallSeconds;
  time["solverCpuSeconds"] = r.cpuSeconds;
  memory["plannedFieldBytes"] = r.memoryPlan.fieldBytes;
  memory["peakFieldBytes"] = r.fieldBytes;
  json["schema"] = "gaussnewton report";
  json["schemaVersion"] = 1;
  json["versions"] = versions;
  json["options"] = values;
  json["machine"] = machine;
  json["solverGrid"] = describe(r.solverGrid);
  json["levels"] = levels;
  json["result"] = result;
  json["time"] = time;
  json["memory"] = memory;
  json["messages"] = nb::cast(r.messages);
  return json;
}

gnr::Options
optionsOf(const std::string & preset, const std::vector<std::pair<std::string, std::string>> & settings)
{
  const auto known = gnr::valueOf<gnr::Preset>(preset);
  if (!known)
  {
    throw gnr::Error(gnr::ErrorKind::BadInput,
                     "preset: there is no '" + preset + "'; take fast, default, accurate or lung-ct");
  }
  gnr::Options options = gnr::makeOptions(*known);
  for (const auto & [name, text] : settings)
  {
    gnr::setOption(options, name, text);
  }
  gnr::validate(options);
  return options;
}

/** Registers two volumes [z, y, x] on one grid; vector fields are [z, y, x, 3], millimetres along the grid axes. */
nb::dict
solve(const Volume &                                           fixed,
      const Volume &                                           moving,
      const std::array<double, 3> &                            spacing,
      const std::optional<Volume> &                            fixedWeight,
      const std::optional<Volume> &                            movingWeight,
      const std::optional<Volume> &                            incompressibility,
      double                                                   movingVolumeChange,
      const std::optional<VectorVolume> &                      initialVelocity,
      const std::vector<std::pair<Volume, Volume>> &           channels,
      const std::vector<std::array<double, 6>> &               landmarks,
      const std::string &                                      preset,
      const std::vector<std::pair<std::string, std::string>> & settings,
      const std::vector<std::string> &                         outputs,
      nb::object                                               callback,
      nb::object                                               function)
{
  const gnr::Options options = optionsOf(preset, settings);
  const std::size_t  n[3] = { fixed.shape(0), fixed.shape(1), fixed.shape(2) };
  const auto         check = [&](const auto & array, const char * name) {
    if (array.shape(0) != n[0] || array.shape(1) != n[1] || array.shape(2) != n[2])
    {
      throw gnr::Error(gnr::ErrorKind::BadInput, std::string(name) + " has not the shape of the fixed image");
    }
  };
  check(moving, "moving");
  gnr::Grid grid;
  grid.size = { { int(n[2]), int(n[1]), int(n[0]) } };
  grid.spacing = spacing;

  gnr::Problem   problem;
  PythonObserver observer(std::move(callback));
  const bool     hasMeasure = !function.is_none();
  PythonMeasure  measure(std::move(function));
  problem.grid = grid;
  problem.options = options;
  problem.customMeasure = hasMeasure ? &measure : nullptr;
  problem.fixed = { fixed.data(), gnr::wholeOf(grid) };
  problem.moving = { moving.data(), gnr::wholeOf(grid) };
  if (fixedWeight)
  {
    check(*fixedWeight, "fixed_mask");
    problem.fixedWeight = { fixedWeight->data(), gnr::wholeOf(grid) };
  }
  if (movingWeight)
  {
    check(*movingWeight, "moving_mask");
    problem.movingWeight = { movingWeight->data(), gnr::wholeOf(grid) };
  }
  if (incompressibility)
  {
    check(*incompressibility, "incompressibility_image");
    problem.incompressibility = { incompressibility->data(), gnr::wholeOf(grid) };
  }
  problem.movingVolumeChange = movingVolumeChange;
  if (initialVelocity)
  {
    check(*initialVelocity, "initial_velocity");
    problem.initialVelocity = { initialVelocity->data(), gnr::wholeOf(grid) };
  }

  for (const auto & [channelFixed, channelMoving] : channels)
  {
    check(channelFixed, "a channel");
    check(channelMoving, "a channel");
    problem.furtherPairs.push_back(
      { { channelFixed.data(), gnr::wholeOf(grid) }, { channelMoving.data(), gnr::wholeOf(grid) } });
  }

  for (const std::array<double, 6> & pair :
       landmarks) // fixed and moving point, along the grid axes from the first voxel
  {
    problem.landmarks.push_back({ { { pair[0], pair[1], pair[2] } }, { { pair[3], pair[4], pair[5] } } });
  }

  nb::dict                     result;
  std::unique_ptr<gnr::Result> found;
  try
  {
    const nb::gil_scoped_release released;
    found = gnr::makeEngine()->run(problem, &observer);
  }
  catch (const gnr::Error &)
  {
    measure.raise();
    observer.raise();
    throw;
  }
  observer.raise();
  result["report"] = describe(found->report(), options);
  for (const std::string & name : outputs)
  {
    const bool    isScalar = name == "determinant";
    NewArray      array = isScalar ? makeArray({ n[0], n[1], n[2] }) : makeArray({ n[0], n[1], n[2], 3 });
    float * const data = array.data();
    {
      const nb::gil_scoped_release released;
      if (name == "determinant")
      {
        found->read(gnr::Field::Determinant, { data, gnr::wholeOf(grid) });
      }
      else if (name == "inverse")
      {
        found->read(gnr::Field::InverseDisplacement, { data, gnr::wholeOf(grid) });
      }
      else if (name == "velocity")
      {
        found->read(gnr::Field::Velocity, { data, gnr::wholeOf(grid) });
      }
      else
      {
        found->read(gnr::Field::Displacement, { data, gnr::wholeOf(grid) });
      }
    }
    result[name.c_str()] = array;
  }
  return result;
}

/** A volume [z, y, x] at toMoving(index + shift), index of a grid of `size` (x, y, z) and shift = toIndex u(index), u
 * [z, y, x, 3] in millimetres: by linear interpolation or the nearest voxel. Returns values and 1 inside (within half a
 * voxel), else 0. Outside: the nearest voxel of the border, or `outside`. */
nb::tuple
sample(const Volume &                      image,
       const std::array<std::size_t, 3> &  size,
       const Matrix &                      toMoving,
       const std::optional<VectorVolume> & displacement,
       const std::array<double, 9> &       toIndex,
       bool                                nearest,
       std::optional<float>                outside)
{
  if (displacement &&
      (displacement->shape(0) != size[2] || displacement->shape(1) != size[1] || displacement->shape(2) != size[0]))
  {
    throw gnr::Error(gnr::ErrorKind::BadInput, "the displacement has not the shape of the grid");
  }
  NewArray                     values = makeArray({ size[2], size[1], size[0] });
  NewArray                     weights = makeArray({ size[2], size[1], size[0] });
  float * const                out = values.data();
  float * const                weight = weights.data();
  const float * const          in = image.data();
  const float * const          u = displacement ? displacement->data() : nullptr;
  const std::ptrdiff_t         n[3] = { std::ptrdiff_t(image.shape(2)),
                                        std::ptrdiff_t(image.shape(1)),
                                        std::ptrdiff_t(image.shape(0)) };
  const nb::gil_scoped_release released;
#pragma omp parallel for schedule(static)
  for (std::ptrdiff_t z = 0; z < std::ptrdiff_t(size[2]); ++z)
  {
    for (std::size_t y = 0; y < size[1]; ++y)
    {
      for (std::size_t x = 0; x < size[0]; ++x)
      {
        const std::size_t i = (z * size[1] + y) * size[0] + x;
        double            c[3];
        bool              isInside = true;
        for (int d = 0; d < 3; ++d)
        {
          const double * m = &toMoving[4 * d];
          c[d] = m[0] * double(x) + m[1] * double(y) + m[2] * double(z) + m[3];
          if (u != nullptr)
          {
            c[d] += toIndex[3 * d] * u[3 * i] + toIndex[3 * d + 1] * u[3 * i + 1] + toIndex[3 * d + 2] * u[3 * i + 2];
          }
          isInside = isInside && c[d] >= -0.5 && c[d] < double(n[d]) - 0.5;
          c[d] = std::min(std::max(c[d], 0.0), double(n[d] - 1));
        }
        weight[i] = isInside ? 1.0F : 0.0F;
        if (!isInside && outside)
        {
          out[i] = *outside;
          continue;
        }
        if (nearest)
        {
          const std::ptrdiff_t k[3] = { std::ptrdiff_t(c[0] + 0.5),
                                        std::ptrdiff_t(c[1] + 0.5),
                                        std::ptrdiff_t(c[2] + 0.5) };
          out[i] = in[(k[2] * n[1] + k[1]) * n[0] + k[0]];
          continue;
        }
        double sum = 0.0;
        for (int corner = 0; corner < 8; ++corner)
        {
          double         share = 1.0;
          std::ptrdiff_t k[3];
          for (int d = 0; d < 3; ++d)
          {
            const double below = std::floor(c[d]);
            const bool   isUpper = (corner >> d & 1) != 0;
            share *= isUpper ? c[d] - below : 1.0 - (c[d] - below);
            k[d] = std::min(std::ptrdiff_t(below) + (isUpper ? 1 : 0), n[d] - 1);
          }
          sum += share * in[(k[2] * n[1] + k[1]) * n[0] + k[0]];
        }
        out[i] = float(sum);
      }
    }
  }
  const nb::gil_scoped_acquire held;
  return nb::make_tuple(values, weights);
}

nb::list
options()
{
  nb::list rows;
  for (const gnr::OptionRow & row : gnr::optionTable())
  {
    nb::dict d;
    d["name"] = row.name;
    d["help"] = row.help;
    d["unit"] = row.unit;
    d["allowed"] = row.rangeText();
    d["default"] = row.text(gnr::Options{});
    rows.append(d);
  }
  return rows;
}

} // namespace

NB_MODULE(_core, m)
{
  nb::register_exception_translator([](const std::exception_ptr & pointer, void *) {
    try
    {
      std::rethrow_exception(pointer);
    }
    catch (const gnr::Error & error)
    {
      const char * name = "RegistrationError";
      switch (error.kind())
      {
        case gnr::ErrorKind::BadInput:
          name = "InputError";
          break;
        case gnr::ErrorKind::OutOfResources:
          name = "ResourceError";
          break;
        case gnr::ErrorKind::NumericalFailure:
          name = "NumericalError";
          break;
        case gnr::ErrorKind::Aborted:
          break;
      }
      PyErr_SetString(nb::module_::import_("gaussnewton._errors").attr(name).ptr(), error.what());
    }
  });
  m.attr("version") = GaussNewtonRegistration_VERSION;
  m.attr("fourier_transforms") = GaussNewtonRegistration_FFT;
  m.def("solve",
        &solve,
        "fixed"_a,
        "moving"_a,
        "spacing"_a,
        "fixed_weight"_a.none(),
        "moving_weight"_a.none(),
        "incompressibility"_a.none(),
        "moving_volume_change"_a,
        "initial_velocity"_a.none(),
        "channels"_a,
        "landmarks"_a,
        "preset"_a,
        "settings"_a,
        "outputs"_a,
        "callback"_a.none(),
        "function"_a.none());
  m.def("sample",
        &sample,
        "image"_a,
        "size"_a,
        "to_moving"_a,
        "displacement"_a.none(),
        "to_index"_a,
        "nearest"_a,
        "outside"_a.none());
  m.def("options", &options);
}
