// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_DiscreteSearch_h
#define gnr_registration_DiscreteSearch_h

#include "registration/SearchField.h"

#include "gnr/Communicator.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gnr
{

/** What is compared at the points of a grid: channels of values from 0 to mostSearchValue, x fastest. */
struct SearchImage
{
  using Channel = std::vector<std::uint8_t>;

  SearchSize           size{};
  std::vector<Channel> channels;

  std::size_t
  points() const
  {
    return pointsOf(size);
  }
};

/** The squares of sixteen differences add up to less than 2^16. */
constexpr int mostSearchValue = 63;

/** Of one round of the search. */
struct SearchRound
{
  SearchSize          radius;      ///< of the window, in voxels
  int                 costPasses;  ///< of the cost of a displacement by (1 2 1)/4 along every axis
  int                 fieldPasses; ///< likewise of the displacements of the control points
  std::vector<double> couplings;   ///< rising: cost of a squared voxel from the smooth field
};

/** The displacement field of least cost, found by trying all displacements of a window, so that no motion within it is
 * too large [G1]:
 *
 *   C(x, d) = S_c( w(x) sum_k c_k (F_k(x) - M_k(x + s(x) + d))^2 )
 *      d(x) = argmin C(x, d) + a |s(x) + d - S(s + d)(x)|^2
 *
 * at control points x, every second one of the grid, with a start s, smoothings S_c and S, and couplings a that rise
 * from 0. Each point decides alone, which makes every step exact (Heinrich, Papiez, Schnabel, Handels, WBIR 2014).
 * Images continue by their border. The processes share the control points; the result is the same for any number of
 * them and of threads. */
class DiscreteSearch
{
public:
  /** \param weights c of the channels, for differences from 0 to 1. \param fixedWeight w, from 0 to 1; empty: one. The
   * arguments must live as long as the object. */
  DiscreteSearch(const SearchImage &        fixed,
                 const SearchImage &        moving,
                 const std::vector<float> & weights,
                 const std::vector<float> & fixedWeight,
                 Communicator &             communicator,
                 int                        threads)
    : fixed_(fixed)
    , moving_(moving)
    , weights_(weights)
    , fixedWeight_(fixedWeight)
    , communicator_(communicator)
    , threads_(threads)
  {}

  /** Replaces s by S(s + d). 2 bytes for each displacement of the window and control point. Collective. */
  void
  improve(const SearchRound & round, SearchField & field) const;

  /** w(x) sum_k c_k (F_k(x) - M_k(x + s(x)))^2 at all points of the grid. */
  std::vector<float>
  costs(const SearchField & field) const;

private:
  const SearchImage &        fixed_;
  const SearchImage &        moving_;
  const std::vector<float> & weights_;
  const std::vector<float> & fixedWeight_;
  Communicator &             communicator_;
  int                        threads_;
};

} // namespace gnr

#endif
