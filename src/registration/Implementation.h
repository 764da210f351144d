// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Implementation_h
#define gnr_registration_Implementation_h

#include "parallel/Domain.h"
#include "parallel/FourierTransform.h"
#include "registration/Preprocessing.h"
#include "registration/Pyramid.h"
#include "registration/Progress.h"

#include "gnr/Registration.h"

#include <memory>
#include <string>
#include <vector>

namespace gnr
{

/** What a grid sees of the images; empty: the same as the finest. */
struct LevelImages
{
  Buffer fixed;
  Buffer moving;
  Buffer fixedWeight;
  Buffer movingWeight;
};

/** One grid of the pyramid while it is worked on. */
struct Level
{
  int number; ///< 0 is the coarsest
  /** Both tolerances are halved for each but the first: a coarse solve costs little, and where the finer ones lead to
   * depends on where it stops. */
  int                 finerGrids;
  Domain &            domain;
  FourierTransform &  transform;
  const LevelImages & images;
};

struct DeterminantRange
{
  double minimum;
  double maximum;
};

/** The whole solve behind Registration: solving in Solve.cpp and Strategy.cpp, reading the result out of the velocity
 * in Result.cpp. */
class Registration::Implementation
{
public:
  Implementation(const Grid & grid, const Options & options, std::shared_ptr<Communicator> communicator);

  // Memory.cpp
  /** To rehearse a solve with the grids and weights of a plan, whose images nobody reads. */
  Implementation(const MemoryPlan &            plan,
                 const Options &               options,
                 std::shared_ptr<Communicator> communicator,
                 std::unique_ptr<Kernels>      kernels);
  MemoryPlan
  planMemory();
  static MemoryPlan
  planForDevice(const MemoryPlan & plan);
  /** Bytes of one image on the finest grid: what is smaller belongs to coarser ones. */
  std::size_t
  smallBelow() const;
  /** Plans, warns where it will not do, and takes the memory of all fields as one block. */
  void
  reserveMemory();
  /** Lets go of what the results do not need. */
  void
  releaseUnusedMemory();

  /** begin(), reserveMemory(), solve(), conclude(). */
  void
  run();
  /** Starts the clock and an empty report. */
  void
  begin();
  /** From the images to the displacement. */
  void
  solve();
  void
  conclude();
  /** Decides on the measure where the user leaves it open. Collective. */
  void
  chooseMeasure();
  void
  readInitialVelocity(Domain & finest);
  /** The velocity to start a level with: the coarser result plus what the initial velocity adds between the two grids.
   */
  void
  startVelocity(Domain & domain, FourierTransform & transform, Domain * coarser, FourierTransform * coarserTransform);
  void
  restrictInitialVelocity(FourierTransform & transform, Buffer & out);
  /** Throws where a Gaussian leaves nothing of an image. */
  void
  checkSmoothed(const Buffer & image, const Buffer & smoothed, const char * name) const;
  LevelImages
  restrictImages(Domain & domain, FourierTransform & transform);
  /** The grids for a finest one. */
  std::vector<PyramidGrid>
  pyramidOf(const Grid & grid) const;
  /** One solve from `velocity`, which becomes the result; adds to the report. False if the solve was interrupted. */
  bool
  solveLevel(const Level & level, double beta, int leastIterations = 0);

  // Strategy.cpp
  /** All solves of one grid, from `velocity`. */
  void
  solveGrid(const Level & level);
  /** The first solves of the pyramid: by continuation, if that is the strategy. False if they were interrupted. */
  bool
  solveFromAfar(const Level & level);
  /** Solves from `velocity`, which comes from the trial grid, and from the plain start, and keeps what ends with the
   * lower objective. */
  void
  solveFromBoth(const Level & level);
  void
  searchBeta(const Level & level);
  /** In logarithms; >= 0 within the bounds. */
  double
  marginToBounds(const DeterminantRange & range) const;
  /** Scales the velocity of an interrupted search that has found nothing admissible on the finest grid. */
  void
  keepWithinBounds();
  /** Tells if the result of a search is not within its bounds. */
  void
  checkSearch();

  // Result.cpp
  void
  evaluateResult();
  /** Tells if little is left of the weight in which the images are compared. Collective. */
  void
  checkWeightLeft(const Buffer & weight);
  /** Tells if a solve had nothing to go by, or if the images are not of one contrast. */
  void
  judgeResult();
  /** The displacement, and its det(I + grad u) over the image. The velocity is smoothed where it takes that below the
   * floor: the walls of the limits yield to the images [S2]. Memory: as integrate().
   * Collective. */
  Statistics
  integrateUnfolded();
  /** Of a field of the finest grid over the voxels of the image. Collective. */
  Statistics
  imageStatistics(const Buffer & field) const;
  void
  integrate(bool inverse, Buffer & u, int & steps) const;
  /** The part of this process in the image, interleaved, into `own`. */
  void
  copyVectors(const Buffer & planar, double scale, float * own) const;
  void
  copyDeterminant(float * own) const;
  void
  writeVectors(const Buffer & planar, double scale, HostVectorImage out) const;
  Buffer
  inverseDisplacement() const;
  void
  writeInverse(HostVectorImage out) const;
  void
  writeDeterminant(float * data, int zBegin, int zEnd) const;
  /** det(I + grad u) of a displacement. */
  void
  determinant(Domain & domain, const ConstVectorView & u, Real * out) const;
  /** Of the map of a velocity, over the points of a grid that lie in the image. Memory: 5 vector fields. Collective. */
  DeterminantRange
  determinantRange(Domain & domain, const Buffer & velocity) const;
  /** Throws unless there is a result with the planes asked for. */
  void
  checkRequest(const void * data, int zBegin, int zEnd) const;
  /** The points of this process in the image. */
  Extents
  imageExtents() const;
  /** Sends planes of the results, in `own` without gaps, to those who want them. Collective. */
  void
  deliver(const std::vector<float> & own, int components, float * data, int zBegin, int zEnd) const;
  /** What the processes have sent to one another. Collective. */
  void
  reportTraffic();
  void
  phase(const std::string & name);

  Options                       options;
  std::shared_ptr<Communicator> communicator;
  std::unique_ptr<Kernels>      kernels;
  std::unique_ptr<Kernels>      hostKernels;           ///< for images of the caller; null: `kernels` can read them
  int                           sharers = 1;           ///< processes on the GPU of this one
  bool                          isPathRefused = false; ///< messages do not go the way that the user has asked for
  InputImages                   input;
  Observer *                    observer = nullptr;
  Report                        report;
  SolverBox                     box;

  std::unique_ptr<Progress>         progress;
  double                            phaseStart = 0.0;
  double                            cpuStart = 0.0; ///< CPU seconds before the run
  SolverImages                      images;
  std::unique_ptr<Domain>           finest;
  std::unique_ptr<FourierTransform> finestTransform;
  Buffer                            initial;                   ///< initial velocity of the solver on the finest grid
  Buffer                            velocity;                  ///< of the level, at last of the finest
  Buffer                            displacement;              ///< mm along the grid axes, finest grid
  bool                              isInterrupted = false;     ///< the solve was told to end
  bool                              foundWithinBounds = false; ///< by a search on the finest grid
  bool                              solved = false;
};

} // namespace gnr

#endif
