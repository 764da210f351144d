// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_BetaSearch_h
#define gnr_registration_BetaSearch_h

#include <optional>
#include <vector>

namespace gnr
{

/** The weights of a continuation, largest first: 10^k target, k = ..., 1, 0, none above 0.1 but the target itself. No
 * unit. [B1] */
std::vector<double>
continuationBetas(double target);

/** Which weight of the regularisation to try next, so as to find the smallest one that is admissible [B2].
 *
 * Knows nothing of images: next() names a weight, record() takes the verdict. From the first weight on it goes down
 * (up, if that is not admissible) until the verdict changes, then halves the bracket, in the logarithm, until its ends
 * are within the factor `bracket`. Weights have no unit. */
class BetaSearch
{
public:
  static constexpr double largest = 0.1; ///< where a search begins and above which it does not go
  static constexpr double bracket = 1.1; ///< between the last weight that is admissible and the next that is not

  /** Down from `largest` (from the floor, if that is larger) by factors of ten, never below the floor. */
  static BetaSearch
  byDecades(double floor);

  /** About a weight that was found on a coarser grid: by factors that grow from `bracket` to ten. */
  static BetaSearch
  about(double guess, double floor);

  /** The weight to try; none: the search has ended. */
  std::optional<double>
  next() const;

  /** The verdict on what next() returned. */
  void
  record(bool isAdmissible);

  /** The smallest weight found admissible, if there is one. */
  std::optional<double>
  admissible() const
  {
    return admissible_;
  }

  /** The largest weight found not to be, below admissible(). */
  std::optional<double>
  violating() const
  {
    return violating_;
  }

private:
  BetaSearch(double first, double floor, double factor);

  double                floor_;
  double                ceiling_;
  double                first_;
  double                factor_; ///< of the next step outwards
  std::optional<double> admissible_;
  std::optional<double> violating_;
};

} // namespace gnr

#endif
