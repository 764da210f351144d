// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Pyramid_h
#define gnr_registration_Pyramid_h

#include "registration/Preparation.h"

#include "gnr/Grid.h"
#include "gnr/Options.h"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace gnr
{

/** One grid of the continuation, and where its first point lies as a share of the box. */
struct PyramidGrid
{
  Grid                  grid;
  std::array<double, 3> origin{ { 0.0, 0.0, 0.0 } };
  /** Its solution is tried as a start of the next grid, beside the plain one. */
  bool isTrial = false;
};

/** The grids of the continuation, coarsest first; the last is `finest`, whose first `image` points hold the image.
 *
 * All cover the same box. Each axis is halved from grid to grid, rounded up to a size for the FFT, but never below 16
 * points. The coarse points lie symmetrically about the middle of the image, so that an image and its mirror image are
 * sampled alike. Unset `levels`: as many grids as differ, 3 or down to 32 points, and with `hasTrial` a trial grid
 * before them, if that can have 16 points on every axis. */
std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const Grid & image, std::optional<int> levels, bool hasTrial);

/** The grids for a box of the solver. */
std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const InputImages & input, const Options & options);

/** The grid of the velocity where the images are on `finest`: the same, or half of it along every axis whose spacing is
 * close to the smallest, as the next coarser grid of the pyramid. Automatic is half where the image has many voxels. */
PyramidGrid
velocityGridOf(const Grid & finest, const Grid & image, VelocityGrid choice);

/** A grid of its own over the box of the finest. */
struct CoarserGrid
{
  CoarserGrid(const PyramidGrid & grid, const Domain & finest)
    : domain(grid.grid, finest.kernels(), finest.communicator(), grid.origin)
    , transform(domain)
  {}
  Domain           domain;
  FourierTransform transform;
};

/** The velocity's grid where it is not that of the images; null: it is. */
std::unique_ptr<CoarserGrid>
makeVelocityGrid(const Domain & finest, const Grid & image, VelocityGrid choice);

/** What a grid sees of the images; empty: the same as the finest. */
struct LevelImages
{
  std::vector<SolverPair> pairs;
  Buffer                  fixedWeight;
  Buffer                  movingWeight;
  Buffer                  incompressibility;
};

/** One grid of the pyramid while it is worked on. */
struct Level
{
  int number; ///< 0 is the coarsest
  /** Both tolerances are halved for each but the first: a coarse solve costs little, and where the finer ones lead to
   * depends on where it stops. */
  int                finerGrids;
  Domain &           domain; ///< of the images
  FourierTransform & transform;
  FourierTransform & velocity; ///< on the grid of the velocity
  LevelImages        images;

  bool
  isFinest() const
  {
    return finerGrids == 0;
  }
};

/** The way from the coarsest grid to the finest. */
class Pyramid
{
public:
  Pyramid(Preparation & prepared, const Options & options, std::vector<PyramidGrid> grids);

  int
  size() const
  {
    return static_cast<int>(grids_.size());
  }
  bool
  isTrial(int number) const
  {
    return grids_[number].isTrial;
  }
  /** Whether the coarser grid is only tried. */
  bool
  isAfterTrial(int number) const
  {
    return number > 0 && isTrial(number - 1);
  }
  /** Points of each grid as a share of all. */
  std::vector<double>
  shares() const;

  /** Goes to a grid and takes the velocity of the coarser one along, with what the given velocity adds between the two;
   * on the coarsest there is nothing to take along. Velocities are on the grid that the velocity has there. */
  void
  enter(int number, Buffer & velocity);
  /** Goes to a grid whose velocity is known. Throws Error(BadInput) if it cannot be of that grid. */
  void
  resume(int number, const Buffer & velocity);

  /** The grid that was entered, with its images. */
  Level
  level();
  Domain &
  domain()
  {
    return own_ ? own_->domain : prepared_.finest->domain;
  }
  /** Of the images, and of the velocity, on the grid that was entered. */
  FourierTransform &
  transform()
  {
    return own_ ? own_->transform : prepared_.finest->transform;
  }
  FourierTransform &
  velocity()
  {
    return half_ ? half_->transform : transform();
  }
  /** Brings a velocity to the finest grid of the images. */
  void
  toFinest(Buffer & velocity);
  /** The given velocity on the grid that was entered. */
  void
  restrictInitial(Buffer & out);

private:
  void
  open(int number);
  void
  restrictInitial(FourierTransform & transform, Buffer & out) const;
  LevelImages
  restrictImages();

  Preparation &                prepared_;
  const Options &              options_;
  std::vector<PyramidGrid>     grids_;
  int                          number_ = 0;
  std::unique_ptr<CoarserGrid> own_;  ///< null: the finest
  std::unique_ptr<CoarserGrid> half_; ///< null: the velocity is on the grid of the images
};

} // namespace gnr

#endif
