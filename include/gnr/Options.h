// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Options_h
#define gnr_Options_h

#include "gnr/EnumNames.h"

#include "GaussNewtonRegistrationExport.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnr
{

/** Sobolev seminorm of the velocity: A(k) ~ |k|^{2s}, s = 1, 2, 3 (doc/mathematics.md, "Regularisation"). */
enum class Regularization
{
  H1 = 1,
  H2 = 2,
  H3 = 3
};
template <>
inline constexpr EnumName<Regularization> enumNames<Regularization>[] = {
  { Regularization::H1, "h1" },
  { Regularization::H2, "h2" },
  { Regularization::H3, "h3" },
};

/** Where the kernels run. `Auto` takes CUDA if a device works, otherwise the CPU, and says which in the report.
 * `Reference` is the plain serial double-precision implementation: slow, for verification. */
enum class Device
{
  Auto,
  Cpu,
  Cuda,
  Reference
};
template <>
inline constexpr EnumName<Device> enumNames<Device>[] = {
  { Device::Auto, "auto" },
  { Device::Cpu, "cpu" },
  { Device::Cuda, "cuda" },
  { Device::Reference, "reference" },
};

/** Interpolation of images at departure points. */
enum class Interpolation
{
  Linear,
  Cubic ///< cubic Lagrange, 64 points
};
template <>
inline constexpr EnumName<Interpolation> enumNames<Interpolation>[] = {
  { Interpolation::Cubic, "cubic" },
  { Interpolation::Linear, "linear" },
};

/** How the images are compared (doc/choices.md). */
enum class SimilarityMeasure
{
  Automatic,          ///< LocalCorrelation where the images look as if of one contrast, else SelfSimilarity
  SumOfSquares,       ///< squared differences of intensities: scans of one contrast and brightness
  GlobalCorrelation,  ///< normalised cross-correlation: one gain and offset for the whole image
  LocalCorrelation,   ///< local normalised cross-correlation: scans of one contrast, whatever their brightness
  SelfSimilarity,     ///< self-similarity context, MIND-SSC: scans of different contrast
  CorrelationRatio,   ///< what no function of the fixed intensities explains of the moving image
  MutualInformation,  ///< mutual information: scans of different contrast
  NormalizedGradient, ///< where edges are and which way they run: scans of different contrast
  Labels,             ///< images of labels, such as segmentations: which voxels have the same
  Custom              ///< a CustomMeasure that comes with the problem
};
template <>
inline constexpr EnumName<SimilarityMeasure> enumNames<SimilarityMeasure>[] = {
  { SimilarityMeasure::Automatic, "auto" },        { SimilarityMeasure::SumOfSquares, "ssd" },
  { SimilarityMeasure::GlobalCorrelation, "ncc" }, { SimilarityMeasure::LocalCorrelation, "lncc" },
  { SimilarityMeasure::SelfSimilarity, "mind" },   { SimilarityMeasure::CorrelationRatio, "correlation-ratio" },
  { SimilarityMeasure::MutualInformation, "mi" },  { SimilarityMeasure::NormalizedGradient, "ngf" },
  { SimilarityMeasure::Labels, "labels" },         { SimilarityMeasure::Custom, "custom" },
};

/** One measure, or a weighted sum of several. As text the weights stand before the names: "lncc+0.5*mind". */
struct GaussNewtonRegistration_EXPORT SimilaritySum
{
  struct Part
  {
    SimilarityMeasure measure;
    double            weight = 1.0; ///< > 0; every measure has the unit of squared differences of intensities
  };
  std::vector<Part> parts;

  SimilaritySum(SimilarityMeasure measure = SimilarityMeasure::SumOfSquares)
    : parts{ { measure } }
  {}

  /** Nothing where the text is no such sum: a name that is not known or comes twice, a weight that is not a number > 0,
   * or Automatic beside others; with a weight, that holds for what is chosen. */
  static std::optional<SimilaritySum>
  read(const std::string & text);
  std::string
  text() const;

  bool
  isAutomatic() const
  {
    return has(SimilarityMeasure::Automatic);
  }
  bool
  has(SimilarityMeasure measure) const
  {
    return std::any_of(parts.begin(), parts.end(), [=](const Part & part) { return part.measure == measure; });
  }
};

/** How the pairs of images of a problem are compared: a sum for each of them in their order, or one for all. As text
 * they are separated by commas: "lncc,0.5*ssd". */
struct GaussNewtonRegistration_EXPORT SimilarityList
{
  std::vector<SimilaritySum> sums; ///< at least one

  SimilarityList(SimilarityMeasure measure = SimilarityMeasure::SumOfSquares)
    : SimilarityList(SimilaritySum(measure))
  {}
  SimilarityList(SimilaritySum forAll)
    : sums{ std::move(forAll) }
  {}

  /** Nothing where a part between the commas is no sum. */
  static std::optional<SimilarityList>
  read(const std::string & text);
  std::string
  text() const;

  const SimilaritySum &
  of(std::size_t pair) const
  {
    return sums[std::min(pair, sums.size() - 1)];
  }
  /** Whether some pair has that measure. */
  bool
  has(SimilarityMeasure measure) const
  {
    return std::any_of(sums.begin(), sums.end(), [=](const SimilaritySum & sum) { return sum.has(measure); });
  }
  bool
  isAutomatic() const
  {
    return has(SimilarityMeasure::Automatic);
  }
};

/** Preconditioner of the Krylov solver, chosen by name (doc/choices.md, "Preconditioners"). */
enum class Preconditioner
{
  InvA,         ///< inverse of the regularisation operator
  InvH0,        ///< inverse of the Hessian at zero velocity, with the deformed moving image
  TwoLevelInvH0 ///< InvH0 on the grid of half the size for the low frequencies, InvA for the others
};
template <>
inline constexpr EnumName<Preconditioner> enumNames<Preconditioner>[] = {
  { Preconditioner::InvA, "inva" },
  { Preconditioner::InvH0, "invh0" },
  { Preconditioner::TwoLevelInvH0, "twolevel" },
};

/** How the weight beta of the regularisation is reached. */
enum class BetaStrategy
{
  Fixed,        ///< solve with beta
  Continuation, ///< down to beta by factors of ten, each solve starts from the one before
  Search        ///< the smallest beta whose determinants stay within bounds, not below beta
};
template <>
inline constexpr EnumName<BetaStrategy> enumNames<BetaStrategy>[] = {
  { BetaStrategy::Fixed, "fixed" },
  { BetaStrategy::Continuation, "continuation" },
  { BetaStrategy::Search, "search" },
};

/** How the intensities of each image are brought to a common scale before the solve. */
enum class IntensityNormalization
{
  None,        ///< as they are
  Percentiles, ///< linear map of the robust percentiles to [0, 1], each image by itself
};
template <>
inline constexpr EnumName<IntensityNormalization> enumNames<IntensityNormalization>[] = {
  { IntensityNormalization::Percentiles, "percentiles" },
  { IntensityNormalization::None, "none" },
};

/** Whether the values of the images are densities, which a change of volume changes [T5], and in which unit. */
enum class Density
{
  None,  ///< intensities: a point keeps its own
  Given, ///< densities as they are, >= 0, such as concentrations
  Ct     ///< CT numbers (HU), from which densities are made [P2]
};
template <>
inline constexpr EnumName<Density> enumNames<Density>[] = {
  { Density::None, "none" },
  { Density::Given, "given" },
  { Density::Ct, "ct" },
};

/** What tells how strongly tissues resist a change of their volume [S3], where no image of weights does. */
enum class Incompressibility
{
  None,
  Ct ///< CT numbers (HU) of the moving image: bone most, soft tissue, lung and air not at all
};
template <>
inline constexpr EnumName<Incompressibility> enumNames<Incompressibility>[] = {
  { Incompressibility::None, "none" },
  { Incompressibility::Ct, "ct" },
};

/** What such a resistance is measured by. */
enum class IncompressibilityForm
{
  Static, ///< by the divergence of the velocity; the weights stay where they are [S4]
  Moving  ///< by det(I + grad u); the weights travel with the moving image: dearer, where stiff tissue moves far [S3]
};
template <>
inline constexpr EnumName<IncompressibilityForm> enumNames<IncompressibilityForm>[] = {
  { IncompressibilityForm::Static, "static" },
  { IncompressibilityForm::Moving, "moving" },
};

/** What the fall of the objective in a step is measured against, to tell that a level stalls. */
enum class StallReference
{
  Automatic, ///< Objective for SumOfSquares; Progress, with half the tolerance, for the other measures
  Objective, ///< its value
  Progress   ///< what has been gained since zero velocity: where most of the value cannot be had
};
template <>
inline constexpr EnumName<StallReference> enumNames<StallReference>[] = {
  { StallReference::Automatic, "auto" },
  { StallReference::Objective, "objective" },
  { StallReference::Progress, "progress" },
};

/** More threads than this are refused: where a machine has no room for their stacks, OpenMP ends the program. */
constexpr int maximumThreads = 1024;

/** Where the velocity lives on the finest grid of the images. */
enum class VelocityGrid
{
  Automatic, ///< half where the fixed image has 8 million voxels or more, else full
  Full,      ///< on the grid of the images
  Half       ///< on one of half the size along every axis whose spacing is close to the smallest
};
template <>
inline constexpr EnumName<VelocityGrid> enumNames<VelocityGrid>[] = {
  { VelocityGrid::Automatic, "auto" },
  { VelocityGrid::Full, "full" },
  { VelocityGrid::Half, "half" },
};

/** What the solve begins with. */
enum class Start
{
  None,      ///< zero
  Automatic, ///< that, and what a discrete search finds where it may find more; the one that leads lower stays
  Search     ///< both in any case
};
template <>
inline constexpr EnumName<Start> enumNames<Start>[] = {
  { Start::None, "none" },
  { Start::Automatic, "auto" },
  { Start::Search, "search" },
};

/** Everything that steers a registration. The defaults are those of `gnr-register`. Every member has a row in the table
 * of gnr/OptionTable.h, which says its range, and by which it is checked, compared, sent and shown. */
struct Options
{
  // regularisation: J(v) = D + 1/2 <v, A v>,
  // A(k) = beta (l^{2(s-1)} |k|^{2s} (1 + |tau k|^2) I + gamma k k^T), tau = gridScale times the voxel
  double beta = 9e-4;     ///< weight of the regularisation, > 0; no unit
  double gamma = 8.0;     ///< penalty of local volume change relative to beta, >= 0; no unit
  double gridScale = 0.7; ///< size in voxels of eddies that are resisted, >= 0: the grid cannot carry them
  std::optional<double> gradientLimit = 2.2;   ///< |grad v| at which the velocity is stiff, 0.001 to 1000; unset: none
  std::optional<double> divergenceLimit = 0.9; ///< the same for |div v|, the rate of volume change; unset: none
  /// what det(I + grad u) of the result must reach, above 0, at most 0.5: elsewhere the velocity is smoothed; unset:
  /// none
  std::optional<double> determinantFloor = 0.15;
  std::optional<double> landmarkSigma; ///< mm, > 0: the distance of landmarks that is worth 10 % of the range of
                                       ///< intensities; unset: a tenth of the size of the box
  Incompressibility     incompressibility = Incompressibility::None; ///< where no image has the weights
  IncompressibilityForm incompressibilityForm = IncompressibilityForm::Static;
  double incompressibilityWeight = 0.1; ///< of (sqrt(det) - 1)^2 where a weight is one, > 0; unit: squared intensities
  Regularization regularization = Regularization::H1;
  bool           incompressible = false; ///< keep the velocity divergence-free
  bool           symmetric = false;      ///< both images meet half way [Y1]
  BetaStrategy   betaStrategy = BetaStrategy::Fixed;
  double         determinantLower = 0.25; ///< Search: det(I + grad u) must stay above, in (0, 1)
  double         determinantUpper = 4.0;  ///< and below this, > 1

  // grid continuation
  std::optional<int> levels; ///< grids of the pyramid, >= 1; unset: 3, as far as they keep 16 points an axis, more as
                             ///< far as they keep 32, and a coarser one that is tried as a start
  VelocityGrid velocityGrid = VelocityGrid::Automatic; ///< of the velocity on the finest grid
  Start        start = Start::None;                    ///< of the velocity

  // transport
  int           timeSteps = 4; ///< semi-Lagrangian steps, >= 1; rises by itself for large velocities
  Interpolation interpolation = Interpolation::Cubic;

  // Gauss-Newton-Krylov
  int maximumIterations = 50;       ///< Newton steps per level, >= 0
  int maximumKrylovIterations = 50; ///< Hessian products per Newton step, >= 1
  // Tolerances of the two finest grids; half of them on the next coarser one, and so on.
  double                gradientTolerance = 2.5e-2; ///< stop at ||g|| <= tolerance * ||g(v = 0)||, dual norms
  double                objectiveTolerance = 1e-2;  ///< stop when a step lowers the objective by less than this share
  StallReference        stallReference = StallReference::Automatic;
  Preconditioner        preconditioner = Preconditioner::TwoLevelInvH0;
  std::optional<double> timeLimit; ///< seconds of wall time; unset: none. The result so far is kept
  std::optional<double> stallRate; ///< stop a level when a step lowers the objective by less than this share of it per
                                   ///< second; unset: never. Makes the result depend on the speed of the machine

  // images
  SimilarityList         similarity = SimilarityMeasure::Automatic;
  IntensityNormalization intensityNormalization = IntensityNormalization::Percentiles;
  Density                density = Density::None;
  std::optional<double>  densityExponent = 1.0; ///< a of m(1) = det^a m0 o y for densities, 0.1 to 1; no unit; unset:
                                                ///< how mean density goes with volume inside of both weights
  bool   periodic = false;                      ///< the images are periodic on their box: no padding
  double smoothing = 0.0; ///< standard deviation of a Gaussian on the images, in voxels of each level

  // machine
  Device             device = Device::Auto;
  std::optional<int> threads; ///< CPU threads, 1 to maximumThreads; unset: what OpenMP would take
  /// where the solve is saved, and gone on from (gnr/Checkpoint.h): the start of the names of the files; unset: nowhere
  std::optional<std::string> checkpoint;
  double                     checkpointInterval = 300.0; ///< seconds between two checkpoints, >= 0; 0: at every step
};

/** Named sets of options: how much time to spend, or what the images are (doc/choices.md). */
enum class Preset
{
  Fast,
  Default,
  Accurate,
  LungCt ///< two CTs of a chest: densities, whose mass is kept (doc/thorax.md)
};
template <>
inline constexpr EnumName<Preset> enumNames<Preset>[] = {
  { Preset::Fast, "fast" },
  { Preset::Default, "default" },
  { Preset::Accurate, "accurate" },
  { Preset::LungCt, "lung-ct" },
};

/** The options of a preset; `Preset::Default` gives `Options{}`. */
GaussNewtonRegistration_EXPORT Options
makeOptions(Preset preset);

} // namespace gnr

#endif
