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
constexpr double slope = 1.0 / 3.0; // d margin / d log beta: measured on pairs of brains
constexpr double mostMargin = 1.0;  // what is beyond, folds among it, says no more about the distance
constexpr int    mostInterpolations = 3;
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

BetaSearch::BetaSearch(double first, double floor, double bracket, bool byDecades)
  : floor_(floor)
  , ceiling_(std::max(largest, floor))
  , first_(std::clamp(first, floor_, ceiling_))
  , bracket_(bracket)
  , byDecades_(byDecades)
{}

BetaSearch
BetaSearch::byDecades(double floor, double bracket)
{
  return BetaSearch(largest, floor, bracket, true);
}

BetaSearch
BetaSearch::about(double guess, double floor, double bracket)
{
  return BetaSearch(guess, floor, bracket, false);
}

double
BetaSearch::factor(const Trial & from) const
{
  return byDecades_ ? decade : std::clamp(std::exp(std::abs(from.margin) / slope), bracket_, decade);
}

double
BetaSearch::between() const
{
  const double whole = std::log(admissible_->beta / violating_->beta);
  const double close = std::log(bracket_);
  double       x = 0.5 * whole; // above the one that violates
  if (whole > 2.0 * close && narrowings_ < mostInterpolations)
  {
    // Just above the zero, so that the next trial but one, just below it, ends the search.
    const double zero = whole * violating_->margin / (violating_->margin - admissible_->margin);
    x = std::clamp(zero + 0.5 * close, close, whole - close);
  }
  return violating_->beta * std::exp(x);
}

std::optional<double>
BetaSearch::next() const
{
  if (admissible_ && violating_)
  {
    return admissible_->beta > bracket_ * rounding * violating_->beta ? std::optional<double>(between()) : std::nullopt;
  }
  if (admissible_)
  {
    const double beta = admissible_->beta;
    return beta > floor_ ? std::optional<double>(std::max(floor_, beta / factor(*admissible_))) : std::nullopt;
  }
  if (violating_)
  {
    const double beta = violating_->beta;
    return beta < ceiling_ ? std::optional<double>(std::min(ceiling_, beta * factor(*violating_))) : std::nullopt;
  }
  return first_;
}

void
BetaSearch::record(double margin)
{
  const Trial trial{ next().value(), std::clamp(margin, -mostMargin, mostMargin) };
  narrowings_ += admissible_ && violating_ ? 1 : 0;
  (margin >= 0.0 ? admissible_ : violating_) = trial;
}

} // namespace gnr
