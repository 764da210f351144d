// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_agreement_h
#define gnr_test_core_agreement_h

#include "spectralTesting.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>

namespace gnr
{
namespace test
{

/** The reference, another backend, and a function that runs one kernel call on each. */
class AgreementTest : public ::testing::TestWithParam<std::tuple<Backend, Grid>>
{
protected:
  /** Largest difference between the results of call(kernels) on the two backends; each must give numbers. */
  template <typename Call>
  double
  difference(Call call)
  {
    const Values a = call(*reference_), b = call(*other_);
    EXPECT_GT(maximumOf(a), 0.0) << "a comparison of zeros";
    return maximumDifference(a, b);
  }

  const Backend     backend = std::get<0>(GetParam());
  const Grid &      grid = std::get<1>(GetParam());
  const Extents     extents = extentsOf(grid);
  const std::size_t n = grid.points();
  const double      inverse[3] = { 1 / grid.spacing[0], 1 / grid.spacing[1], 1 / grid.spacing[2] };
  const double      steepest = inverse[0] + inverse[1] + inverse[2];

private:
  std::unique_ptr<Kernels> reference_ = makeReferenceKernels();
  std::unique_ptr<Kernels> other_ = makeBackend(backend);
};

inline std::string
sizeName(const ::testing::TestParamInfo<std::tuple<Backend, Grid>> & info)
{
  const auto & size = std::get<1>(info.param).size;
  return nameOf(std::get<0>(info.param)) + "_" + std::to_string(size[0]) + "x" + std::to_string(size[1]) + "x" +
         std::to_string(size[2]);
}

} // namespace test
} // namespace gnr

#endif
