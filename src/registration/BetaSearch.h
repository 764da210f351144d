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
 * Knows nothing of images: next() names a weight, record() takes the margin by which its map keeps to the bounds, >= 0
 * where it does. From the first weight on it goes down (up, if that is not admissible) until the sign changes, then
 * narrows the bracket by interpolation of the margins, and by bisection where that does not help, until its ends are
 * within a factor. Weights have no unit. */
class BetaSearch
{
public:
  static constexpr double largest = 0.1;       ///< where a search begins and above which it does not go
  static constexpr double fineBracket = 1.1;   ///< between the last weight that is admissible and the next that is not
  static constexpr double coarseBracket = 2.0; ///< likewise, where finer grids are to follow

  /** Down from `largest` (from the floor, if that is larger) by factors of ten, never below the floor. */
  static BetaSearch
  byDecades(double floor, double bracket);

  /** About a weight that was found on a coarser grid. */
  static BetaSearch
  about(double guess, double floor, double bracket);

  /** The weight to try; none: the search has ended. */
  std::optional<double>
  next() const;

  /** The verdict on what next() returned. \param margin in logarithms of determinants; not NaN. */
  void
  record(double margin);

  /** The smallest weight found admissible, if there is one. */
  std::optional<double>
  admissible() const
  {
    return admissible_ ? std::optional<double>(admissible_->beta) : std::nullopt;
  }

  /** The largest weight found not to be, below admissible(). */
  std::optional<double>
  violating() const
  {
    return violating_ ? std::optional<double>(violating_->beta) : std::nullopt;
  }

private:
  struct Trial
  {
    double beta;
    double margin;
  };

  BetaSearch(double first, double floor, double bracket, bool byDecades);

  /** Of a step outwards from a trial. */
  double
  factor(const Trial & from) const;
  double
  between() const;

  double               floor_;
  double               ceiling_;
  double               first_;
  double               bracket_;
  bool                 byDecades_;
  int                  narrowings_ = 0;
  std::optional<Trial> admissible_;
  std::optional<Trial> violating_;
};

} // namespace gnr

#endif
