// SPDX-License-Identifier: Apache-2.0
#include "view/PlaneView.h"

#include <algorithm>
#include <cmath>

namespace gnrapp
{
namespace
{

using DirectionType = itk::ImageBase<3>::DirectionType;

/** Letters of the direction of a column: "L", or "LP" where it is oblique. */
std::string
Letters(const DirectionType & direction, unsigned int column, double sign)
{
  constexpr const char *  names[3] = { "LR", "PA", "SI" };
  std::array<unsigned, 3> rows{ 0, 1, 2 };
  std::sort(rows.begin(), rows.end(), [&](unsigned a, unsigned b) {
    return std::abs(direction(a, column)) > std::abs(direction(b, column));
  });
  const double oblique = std::sin(20.0 * std::acos(-1.0) / 180);
  std::string  text;
  for (const unsigned row : { rows[0], rows[1] })
  {
    const double component = sign * direction(row, column);
    if (text.empty() || std::abs(component) > oblique)
    {
      text += names[row][component > 0 ? 0 : 1];
    }
  }
  return text;
}

} // namespace

std::array<PlaneView, 3>
MakePlaneViews(const itk::ImageBase<3> * image, bool neurological)
{
  // Which axis of the image goes with which axis of the patient: the assignment with the largest cosines.
  const auto &                direction = image->GetDirection();
  std::array<unsigned int, 3> axis{ 0, 1, 2 };
  std::array<unsigned int, 3> candidate = axis;
  double                      best = -1;
  do
  {
    double sum = 0;
    for (unsigned int patient = 0; patient < 3; ++patient)
    {
      sum += std::abs(direction(patient, candidate[patient]));
    }
    if (sum > best + 1e-9)
    {
      best = sum;
      axis = candidate;
    }
  } while (std::next_permutation(candidate.begin(), candidate.end()));

  // LPS: x to the left, y to the back, z to the head. Axial and coronal planes have the patient's left on the right of
  // the page, all have the head or the face upwards, sagittal ones face left.
  const auto view = [&](const char * name, unsigned int normal, unsigned int across, unsigned int down, bool mirror) {
    PlaneView plane;
    plane.name = name;
    plane.normal = axis[normal];
    plane.horizontal = axis[across];
    plane.vertical = axis[down];
    const double rightward = mirror ? -1 : 1;   // of the patient's axis
    const double downward = down == 1 ? 1 : -1; // to the back, or to the feet
    plane.flipHorizontal = rightward * direction(across, plane.horizontal) < 0;
    plane.flipVertical = downward * direction(down, plane.vertical) < 0;
    const double h = plane.flipHorizontal ? -1 : 1; // of the index, to the right of the page
    const double v = plane.flipVertical ? -1 : 1;
    plane.right = Letters(direction, plane.horizontal, h);
    plane.left = Letters(direction, plane.horizontal, -h);
    plane.bottom = Letters(direction, plane.vertical, v);
    plane.top = Letters(direction, plane.vertical, -v);
    return plane;
  };
  return { view("axial", 2, 0, 1, neurological),
           view("coronal", 1, 0, 2, neurological),
           view("sagittal", 0, 1, 2, false) };
}

} // namespace gnrapp
