// SPDX-License-Identifier: Apache-2.0
#include "registration/BetaSearch.h"

#include <algorithm>
#include <cmath>

namespace gnr
{
namespace
{
constexpr double decade = 10.0;
constexpr double rounding = 1.0 + 1e-9;
} // namespace

std::vector<double>
continuationBetas(double target)
{
  std::vector<double> betas{ target };
  while (betas.front() * decade <= BetaSearch::largest * rounding)
  {
    betas.insert(betas.begin(), betas.front() * decade);
  }
  return betas;
}

BetaSearch::BetaSearch(double first, double floor, double factor)
  : floor_(floor)
  , ceiling_(std::max(largest, floor))
  , first_(std::clamp(first, floor_, ceiling_))
  , factor_(factor)
{}

BetaSearch
BetaSearch::byDecades(double floor)
{
  return BetaSearch(largest, floor, decade);
}

BetaSearch
BetaSearch::about(double guess, double floor)
{
  return BetaSearch(guess, floor, bracket);
}

std::optional<double>
BetaSearch::next() const
{
  if (admissible_ && violating_)
  {
    return *admissible_ > bracket * rounding * *violating_
             ? std::optional<double>(std::sqrt(*admissible_ * *violating_))
             : std::nullopt;
  }
  if (admissible_)
  {
    return *admissible_ > floor_ ? std::optional<double>(std::max(floor_, *admissible_ / factor_)) : std::nullopt;
  }
  if (violating_)
  {
    return *violating_ < ceiling_ ? std::optional<double>(std::min(ceiling_, *violating_ * factor_)) : std::nullopt;
  }
  return first_;
}

void
BetaSearch::record(bool isAdmissible)
{
  const double tried = next().value();
  if (admissible_ || violating_)
  {
    factor_ = std::min(decade, factor_ * factor_);
  }
  (isAdmissible ? admissible_ : violating_) = tried;
}

} // namespace gnr
