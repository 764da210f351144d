// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Preprocessing_h
#define gnr_registration_Preprocessing_h

#include "kernels/Buffer.h"
#include "model/similarity/Descriptors.h"
#include "registration/InputImages.h"

#include "gnr/Options.h"

#include <optional>
#include <string>
#include <vector>

namespace gnr
{

/** Images, or the words of labels in their place. */
struct SolverPair
{
  Buffer      fixed;
  Buffer      moving;
  Descriptors fixedWords{};
  Descriptors movingWords{};
  double      exponent = 0.0; ///< of the moving one as a State; not of words

  bool
  hasLabels() const
  {
    return !fixedWords.empty();
  }
};

/** What the solver works on: normalised images on the padded, periodic grid. Weights are empty where they are one. */
struct SolverImages
{
  Grid                    grid;
  std::vector<SolverPair> pairs;
  Buffer                  fixedWeight;
  Buffer                  movingWeight;
  Buffer                  incompressibility;              ///< weights from 0 to 1; empty: zero [S3]
  double                  largestIncompressibility = 1.0; ///< of what they are shares
  double                  movingVolumeChange = 1.0;       ///< as in Problem
  std::optional<double>   densityExponent{};              ///< of the pairs; unset: there are no densities
  double                  intensityRange = 1.0;           ///< of the bulk of a fixed image's values, the widest
  /** What the user should know of the images, each beginning with the name of one. */
  std::vector<std::string> messages;
};

/** The periodic box of the solver. */
struct SolverBox
{
  Grid grid;
  bool padded = false; ///< along some axis because an image reaches the border; not just up to a size for the FFT
};

/** Decides where the grid is padded, along every axis where an image is not constant near its faces [P1]. Reads the
 * images in the memory of the caller: nothing is allocated. Collective.
 *
 * \param host kernels that compute on the memory of this machine. */
SolverBox
chooseBox(const InputImages & input, const Options & options, Kernels & host, Communicator & communicator);

/** Checks the input, brings the intensities to a common scale and continues the images into the padding [P1]. Throws
 * Error(BadInput) naming the image and the remedy. Collective. */
SolverImages
prepareImages(const InputImages & input,
              const SolverBox &   box,
              const Options &     options,
              Kernels &           kernels,
              Communicator &      communicator);

} // namespace gnr

#endif
