// SPDX-License-Identifier: Apache-2.0
#include "registration/LabelCodes.h"

#include "model/similarity/Labels.h"
#include "registration/InputImages.h"

#include "gnr/Error.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <utility>

namespace gnr
{
namespace
{

constexpr int labelCount = 65536;

/** How the labels of an image are told to the others: a mark for each, and at the end one that is not allowed. */
class Marks
{
public:
  Marks(const InputImage & image, const Grid & grid)
    : marks_(labelCount, 0.0)
  {
    const std::size_t plane = static_cast<std::size_t>(grid.size[0]) * grid.size[1];
    const std::size_t count = plane * image.planes.size();
    for (std::size_t i = 0; i < count; ++i)
    {
      const float value = image.data[i];
      if (value >= 0.0F && value < labelCount && value == std::floor(value))
      {
        marks_[static_cast<std::size_t>(value)] = 1.0;
      }
      else
      {
        wrong_ = value;
        isWrong_ = 1.0;
      }
      const float before = i % grid.size[0] == 0 ? 0.0F : image.data[i - 1];
      if (i % grid.size[0] != 0 && (value != 0.0F || before != 0.0F))
      {
        neighbours_[0] += value == before ? 1.0 : 0.0;
        neighbours_[1] += 1.0;
      }
    }
  }

  void
  share(const std::string & name, Communicator & communicator)
  {
    communicator.maximum(marks_.data(), marks_.size());
    communicator.sum(neighbours_.data(), neighbours_.size());
    communicator.maximum(&isWrong_, 1);
    if (isWrong_ > 0.0)
    {
      double             wrong = std::isnan(wrong_) ? none : wrong_;
      std::ostringstream text;
      communicator.maximum(&wrong, 1);
      text << name << ": has ";
      if (wrong > none)
      {
        text << "the value " << wrong;
      }
      else
      {
        text << "values that are not numbers";
      }
      text
        << ", which is no label; labels are whole numbers from 0 to 65535. Number the labels anew, and sample them by "
           "the nearest voxel";
      throw Error(ErrorKind::BadInput, text.str());
    }
    if (count() == 1)
    {
      const auto only = std::find(marks_.begin(), marks_.end(), 1.0) - marks_.begin();
      throw Error(ErrorKind::BadInput,
                  name + ": every voxel has the label " + std::to_string(only) +
                    ", so that there is nothing to register; check that this is the right image");
    }
  }

  bool
  has(int label) const
  {
    return marks_[label] > 0.0;
  }

  int
  count() const
  {
    return static_cast<int>(std::count(marks_.begin(), marks_.end(), 1.0));
  }
  /** Voxels of segmentations mostly have the label of their neighbour: measured 0.61 to 0.75 of them, and 0.01 to 0.27
   * of images of intensities. */
  bool
  looksLikeIntensities() const
  {
    constexpr double leastShare = 0.4;
    return neighbours_[0] < leastShare * neighbours_[1];
  }

private:
  static constexpr double none = std::numeric_limits<double>::lowest();

  std::vector<double>   marks_;
  std::array<double, 2> neighbours_{}; ///< along x, of which not both are zero: those that are alike, all
  double                wrong_ = none;
  double                isWrong_ = 0.0;
};

} // namespace

std::vector<std::uint16_t>
lexicode(int distance, std::size_t count)
{
  std::vector<std::uint16_t> words;
  for (std::uint32_t word = 0; word < (1U << labelChannels) && words.size() < count; ++word)
  {
    if (distance <= 2) // all words, or all with an even number of ones
    {
      if (distance == 1 || std::bitset<labelChannels>(word).count() % 2 == 0)
      {
        words.push_back(static_cast<std::uint16_t>(word));
      }
      continue;
    }
    const auto isFar = [=](std::uint16_t other) {
      return static_cast<int>(std::bitset<labelChannels>(word ^ other).count()) >= distance;
    };
    if (std::all_of(words.begin(), words.end(), isFar))
    {
      words.push_back(static_cast<std::uint16_t>(word));
    }
  }
  return words.size() == count ? words : std::vector<std::uint16_t>();
}

LabelCodes::LabelCodes(const InputPair & pair, const PairNames & names, const Grid & grid, Communicator & communicator)
  : words_(labelCount)
{
  Marks fixed(pair.fixed, grid), moving(pair.moving, grid);
  fixed.share(names.fixed, communicator);
  moving.share(names.moving, communicator);
  for (const auto & [marks, name] : { std::pair(&fixed, &names.fixed), std::pair(&moving, &names.moving) })
  {
    if (marks->looksLikeIntensities())
    {
      messages_.push_back(*name + ": has " + std::to_string(marks->count()) +
                          " labels, and its voxels mostly differ from their neighbours: this looks like an image of "
                          "intensities, not a segmentation");
    }
  }
  int common = 0;
  for (int label = 0; label < labelCount; ++label)
  {
    common += fixed.has(label) && moving.has(label) ? 1 : 0;
    if (fixed.has(label) || moving.has(label))
    {
      labels_.push_back(label);
    }
  }
  if (common < 2)
  {
    throw Error(ErrorKind::BadInput,
                names.fixed + ": has " + (common == 0 ? "no label" : "but one label") + " in common with " +
                  names.moving + "; check that both images number the same structures alike");
  }
  for (const int distance : { 8, 6, 4, 2, 1 })
  {
    const auto words = lexicode(distance, labels_.size());
    if (!words.empty())
    {
      for (std::size_t i = 0; i < words.size(); ++i)
      {
        words_[labels_[i]] = words[i];
      }
      return;
    }
  }
}


} // namespace gnr
