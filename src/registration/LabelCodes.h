// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_LabelCodes_h
#define gnr_registration_LabelCodes_h

#include "gnr/Communicator.h"
#include "gnr/Grid.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gnr
{

struct InputPair;
struct PairNames;

/** Words of labelChannels bits for the labels of two images, so that images of labels can be compared channel by
 * channel: any two labels differ in at least 8 bits if there are up to 32 of them, 6 up to 128, 4 up to 2048, else 2.
 * They are the first words of the lexicographic code of that distance (Conway, Sloane, IEEE Trans. Inf. Theory 32,
 * 1986), and go to the labels in ascending order [C7]. */
class LabelCodes
{
public:
  /** Of the labels of both images. Throws Error(BadInput) naming an image where a value is not a whole number from 0 to
   * 65535, where all are the same, or where the images have but one label in common. Collective. */
  LabelCodes(const InputPair & pair, const PairNames & names, const Grid & grid, Communicator & communicator);

  /** 0 or 1. \param label one of those of both images */
  float
  bit(float label, int channel) const
  {
    return static_cast<float>((words_[static_cast<std::size_t>(label)] >> channel) & 1U);
  }

  /** What the user should know of the images. */
  const std::vector<std::string> &
  messages() const
  {
    return messages_;
  }

  /** In ascending order, those of both images. */
  const std::vector<int> &
  labels() const
  {
    return labels_;
  }

private:
  std::vector<int>           labels_;
  std::vector<std::uint16_t> words_; ///< by label
  std::vector<std::string>   messages_;
};

/** The first words of labelChannels bits of which any two differ in at least `distance` bits; nothing where there are
 * fewer. */
std::vector<std::uint16_t>
lexicode(int distance, std::size_t count);

} // namespace gnr

#endif
