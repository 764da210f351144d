// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_problems_h
#define gnr_test_core_problems_h

#include "device.h"

#include "kernels/Buffer.h"
#include "parallel/Domain.h"

#include "gnr/Communicator.h"
#include "gnr/Grid.h"
#include "gnr/Options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

/** Analytic images and velocities on the box [0, 2 pi)^3 of the papers, and fields filled from functions. */
namespace problems
{

constexpr double pi = 3.14159265358979323846;

/** Where tests of whole solves run. On an emulated device they take half an hour, which is for those who ask for it
 * (GNR_TEST_SOLVES_ON_CUDA=1): test/cuda has solves of its own. */
inline gnr::Device
solveDevice()
{
#ifdef GNR_TEST_CUDA_EMULATED
  return std::getenv("GNR_TEST_SOLVES_ON_CUDA") != nullptr ? gnr::Device::Cuda : gnr::Device::Cpu;
#else
  return gnr::Device::Auto;
#endif
}

using Scalar = std::function<double(double, double, double)>;

/** Defaults, but that images are compared by squared differences: what the measure `auto` would be is not tested. */
inline gnr::Options
ssdOptions()
{
  gnr::Options options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  return options;
}

/** A periodic grid of n^3 points on a cube of edge 2 pi mm (times `unit`). */
inline gnr::Grid
cube(int n, double unit = 1.0)
{
  gnr::Grid grid;
  grid.size = { { n, n, n } };
  const double h = 2.0 * pi / n * unit;
  grid.spacing = { { h, h, h } };
  return grid;
}

/** f at all grid points; the arguments run over [0, 2 pi) whatever the spacing. */
inline std::vector<gnr::Real>
sample(const gnr::Grid & grid, const Scalar & f)
{
  std::vector<gnr::Real> values;
  values.reserve(grid.points());
  for (int k = 0; k < grid.size[2]; ++k)
  {
    for (int j = 0; j < grid.size[1]; ++j)
    {
      for (int i = 0; i < grid.size[0]; ++i)
      {
        values.push_back(static_cast<gnr::Real>(
          f(2.0 * pi * i / grid.size[0], 2.0 * pi * j / grid.size[1], 2.0 * pi * k / grid.size[2])));
      }
    }
  }
  return values;
}

inline std::vector<float>
image(const gnr::Grid & grid, const Scalar & f)
{
  const std::vector<gnr::Real> values = sample(grid, f);
  return { values.begin(), values.end() };
}

/** Between vectors of two fields on a grid, component by component, in voxels. */
inline double
largestDifference(const std::vector<float> & a, const std::vector<float> & b, const gnr::Grid & grid)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, std::abs(double(a[i]) - b[i]) / grid.spacing[i % 3]);
  }
  return largest;
}

/** m0 = (sin^2 x + sin^2 y + sin^2 z) / 3, the template of the synthetic problem of the CLAIRE papers. */
inline double
templateImage(double x, double y, double z)
{
  return (std::sin(x) * std::sin(x) + std::sin(y) * std::sin(y) + std::sin(z) * std::sin(z)) / 3.0;
}

/** A smooth velocity with |component| <= amplitude; neither divergence-free nor a gradient. */
inline std::array<Scalar, 3>
smoothVelocity(double amplitude)
{
  return { { [=](double x, double y, double z) { return amplitude * std::sin(z) * std::cos(y) * std::sin(x + 0.3); },
             [=](double x, double y, double z) { return amplitude * std::sin(x) * std::cos(z + 0.5) * std::cos(y); },
             [=](double x, double y, double z) {
               return amplitude * std::sin(y + 0.2) * std::cos(x) * std::sin(z);
             } } };
}

/** A smooth vector field without the symmetries that would make inner products vanish. */
inline std::array<Scalar, 3>
direction(double phase)
{
  return {
    { [=](double x, double y, double z) { return std::cos(x + phase) * std::sin(y - phase) + 0.3 * std::sin(2 * z); },
      [=](double x, double y, double z) { return std::sin(z + 2 * phase) * std::cos(x) - 0.2 * std::cos(2 * y); },
      [=](double x, double y, double z) { return std::sin(x + y) * std::cos(z + phase) + 0.1; } }
  };
}

/** J(v + e w) - J(v) - e <g, w> = O(e^2), so halving e divides it by about four.
 * \param valueAt J(v + e w) \param slope <g, w> */
inline void
expectSecondOrderRemainder(const std::function<double(double)> & valueAt, double slope)
{
  const double base = valueAt(0.0);
  double       previous = 0.0;
  for (const double epsilon : { 0.8, 0.4, 0.2 })
  {
    const double remainder = std::abs(valueAt(epsilon) - base - epsilon * slope);
    if (previous > 0.0)
    {
      EXPECT_GT(std::log2(previous / remainder), 1.7) << "epsilon " << epsilon;
    }
    previous = remainder;
  }
}

/** One domain on one process with the kernels that are tested (or others), and fields filled from functions. */
class Bench
{
public:
  explicit Bench(const gnr::Grid & grid, std::unique_ptr<gnr::Kernels> kernels = gnr::test::makeTestedKernels())
    : kernels_(std::move(kernels))
    , communicator_(gnr::makeSelfCommunicator())
    , domain_(grid, *kernels_, *communicator_)
  {}

  gnr::Domain &
  domain()
  {
    return domain_;
  }
  gnr::Kernels &
  kernels()
  {
    return *kernels_;
  }

  gnr::Buffer
  scalar(const Scalar & f)
  {
    gnr::Buffer buffer = domain_.scalar();
    fill(buffer.data(), f);
    return buffer;
  }

  gnr::Buffer
  vector(const std::array<Scalar, 3> & f)
  {
    gnr::Buffer buffer = domain_.vector();
    for (int c = 0; c < 3; ++c)
    {
      fill(domain_.view(buffer)[c], f[c]);
    }
    return buffer;
  }

  std::vector<gnr::Real>
  read(const gnr::Real * data, std::size_t n)
  {
    std::vector<gnr::Real> host(n);
    kernels_->copyToHost(data, host.data(), n * sizeof(gnr::Real));
    return host;
  }

  double
  inner(const gnr::Buffer & a, const gnr::Buffer & b)
  {
    return domain_.inner(a.data(), b.data(), a.size());
  }

private:
  void
  fill(gnr::Real * data, const Scalar & f)
  {
    const std::vector<gnr::Real> values = sample(domain_.grid(), f);
    kernels_->copyFromHost(values.data(), data, values.size() * sizeof(gnr::Real));
  }

  std::unique_ptr<gnr::Kernels>      kernels_;
  std::shared_ptr<gnr::Communicator> communicator_;
  gnr::Domain                        domain_;
};

} // namespace problems

#endif
