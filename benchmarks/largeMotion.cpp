// SPDX-License-Identifier: Apache-2.0
// How well large motions are found, and what the search for a start costs: a chest whose diaphragm moves by 60 mm, with
// vessels 8 mm apart, which look alike.
//
//   benchmark-large-motion --preset accurate --start auto
#include "../examples/ThoraxPhantom.h"

#include "gnr/Engine.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace
{

gnr::Grid
gridOf(double spacing)
{
  gnr::Grid    grid;
  const double lengths[3] = { 336.0, 252.0, 336.0 };
  for (int a = 0; a < 3; ++a)
  {
    grid.size[a] = static_cast<int>(std::lround(lengths[a] / spacing));
    grid.spacing[a] = spacing;
  }
  return grid;
}

template <typename Body>
void
forEachPoint(const gnr::Grid & grid, const Body & body)
{
  const auto at = [&](int axis, int i) { return (i - 0.5 * (grid.size[axis] - 1)) * grid.spacing[axis]; };
  for (int k = 0; k < grid.size[2]; ++k)
  {
    for (int j = 0; j < grid.size[1]; ++j)
    {
      for (int i = 0; i < grid.size[0]; ++i)
      {
        body(ThoraxPhantom::PointType{ { at(0, i), at(1, j), at(2, k) } });
      }
    }
  }
}

template <typename TEnum>
TEnum
valueOf(const std::string & word)
{
  const auto value = gnr::valueOf<TEnum>(word);
  if (!value)
  {
    throw CLI::ValidationError(word + " is none of the words of this option");
  }
  return *value;
}

} // namespace

int
main(int argc, char * argv[])
{
  CLI::App    app("Large motion: errors in the lungs");
  double      stroke = 60.0, vessels = 8.0, spacing = 2.5;
  std::string preset = "default", start = "auto";
  app.add_option("--stroke", stroke, "of the diaphragm, mm");
  app.add_option("--vessels", vessels, "how far they are apart, mm");
  app.add_option("--spacing", spacing, "of the voxels, mm");
  app.add_option("--preset", preset, "as of gnr-register");
  app.add_option("--start", start, "as of gnr-register");
  try
  {
    app.parse(argc, argv);
    const gnr::Grid     grid = gridOf(spacing);
    const ThoraxPhantom phantom(0.7 * spacing, { stroke, vessels });
    std::vector<float>  fixed, moving, u(3 * grid.points());
    forEachPoint(grid, [&](const ThoraxPhantom::PointType & p) {
      fixed.push_back(static_cast<float>(phantom.Moving(phantom.Map(p)))); // intensities
      moving.push_back(static_cast<float>(phantom.Moving(p)));
    });
    gnr::Options options = gnr::makeOptions(valueOf<gnr::Preset>(preset));
    options.similarity = gnr::SimilarityMeasure::SumOfSquares;
    options.start = valueOf<gnr::Start>(start);
    const auto result = gnr::makeEngine()->run(
      { grid, options, { fixed.data(), gnr::wholeOf(grid) }, { moving.data(), gnr::wholeOf(grid) } });
    result->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(grid) });

    std::vector<double> errors;
    double              before = 0.0;
    std::size_t         voxel = 0;
    forEachPoint(grid, [&](const ThoraxPhantom::PointType & p) {
      const ThoraxPhantom::PointType y = phantom.Map(p);
      if (ThoraxPhantom::Lung(y) < 0.0)
      {
        double squared = 0.0;
        for (int a = 0; a < 3; ++a)
        {
          squared += std::pow(p[a] + u[3 * voxel + a] - y[a], 2);
        }
        errors.push_back(std::sqrt(squared));
        before += y[2] - p[2];
      }
      ++voxel;
    });
    double sum = 0.0;
    for (const double error : errors)
    {
      sum += error;
    }
    std::sort(errors.begin(), errors.end());
    const gnr::Report & report = result->report();
    std::cout << "preset " << preset << ", start " << start << ": error in the lungs " << sum / errors.size()
              << " mm, median " << errors[errors.size() / 2] << ", 95 % " << errors[errors.size() * 19 / 20]
              << " (before " << before / errors.size() << "); det " << report.determinantMinimum << " to "
              << report.determinantMaximum << "; CPU " << report.cpuSeconds << " s" << std::endl;
  }
  catch (const CLI::Error & error)
  {
    return app.exit(error);
  }
  catch (const std::exception & error)
  {
    std::cerr << error.what() << std::endl;
    return 1;
  }
  return 0;
}
