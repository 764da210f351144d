/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "itkGaussNewtonRegistrationAlignmentStarts.h"

#include "itkImageMaskSpatialObject.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
namespace
{
using MaskType = ImageMaskSpatialObject<3>;

constexpr double smallestShare = 0.5; // of the largest overlap, for a start to be considered

MaskType::Pointer
MakeMask(const MaskImageType * image)
{
  const auto mask = MaskType::New();
  mask->SetImage(image);
  mask->Update();
  return mask;
}

MatrixType
MatrixOfQuaternion(double w, double x, double y, double z)
{
  MatrixType   m;
  const double rows[3][3] = { { 1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w) },
                              { 2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w) },
                              { 2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y) } };
  for (unsigned int r = 0; r < 3; ++r)
  {
    for (unsigned int c = 0; c < 3; ++c)
    {
      m(r, c) = rows[r][c];
    }
  }
  return m;
}

/** E[k ln(k / mean)] of counts k by Poisson's distribution. */
double
ExcessOfCounts(double mean)
{
  constexpr double large = 50.0; // from here on 1/2, up to 1 / (12 mean)
  if (mean > large)
  {
    return 0.5;
  }
  constexpr int most = 150; // more never are
  double        probability = std::exp(-mean);
  double        sum = 0.0;
  for (int k = 1; k < most && mean > 0.0; ++k)
  {
    probability *= mean / k;
    sum += probability * k * std::log(k / mean);
  }
  return sum;
}

} // namespace

double
Judge::InformationByChance() const
{
  const auto   joint = m_Metric->GetJointPDF();
  const double samples = static_cast<double>(this->Overlap());
  if (!joint || samples == 0.0)
  {
    return 0.0;
  }
  const auto          size = joint->GetLargestPossibleRegion().GetSize();
  std::vector<double> columns(size[0]);
  std::vector<double> rows(size[1]);
  double              total = 0.0;
  for (SizeValueType r = 0; r < size[1]; ++r)
  {
    for (SizeValueType c = 0; c < size[0]; ++c)
    {
      const double value = joint->GetBufferPointer()[r * size[0] + c];
      columns[c] += value;
      rows[r] += value;
      total += value;
    }
  }
  double sum = 0.0;
  for (const double row : rows)
  {
    for (const double column : columns)
    {
      sum += ExcessOfCounts(samples * row * column / (total * total));
    }
  }
  return sum / samples;
}

MetricType::Pointer
MakeMetric(const Picture & fixed, const Picture & moving, const Settings & settings)
{
  const auto metric = MetricType::New();
  metric->SetNumberOfHistogramBins(settings.bins);
  metric->SetUseMovingImageGradientFilter(false); // gradients at the samples only, not of whole images
  metric->SetUseFixedImageGradientFilter(false);
  if (fixed.mask)
  {
    metric->SetFixedImageMask(MakeMask(fixed.mask));
  }
  if (moving.mask)
  {
    metric->SetMovingImageMask(MakeMask(moving.mask));
  }
  return metric;
}

RigidType::Pointer
MakeRigid(const PointType & centre, const ShiftType & shift, unsigned int axis, double angle)
{
  std::array<double, 3> angles{};
  angles[axis] = angle;
  const auto transform = RigidType::New();
  transform->SetCenter(centre);
  transform->SetRotation(angles[0], angles[1], angles[2]);
  transform->SetTranslation(shift);
  return transform;
}

double
AngleBetween(const MatrixType & a, const MatrixType & b)
{
  double trace = 0.0;
  for (unsigned int r = 0; r < 3; ++r)
  {
    for (unsigned int c = 0; c < 3; ++c)
    {
      trace += a(r, c) * b(r, c);
    }
  }
  constexpr double degrees = 180.0 / 3.14159265358979323846;
  return std::acos(std::min(1.0, std::max(-1.0, 0.5 * (trace - 1.0)))) * degrees;
}

namespace
{

/** The 23 rotations that take a cube to itself, without the identity: axes of a header that were swapped or reversed.
 * With `areAll` also the 48 other ones of the icosahedron: no rotation is then farther than 45 degrees from one of
 * them. */
std::vector<MatrixType>
LargeRotations(bool areAll)
{
  constexpr double                   half = 0.5;
  const double                       root = std::sqrt(0.5);
  const double                       golden = half * (1.0 + std::sqrt(5.0));
  std::vector<std::array<double, 4>> quaternions;
  // With each one its opposite would be the same rotation.
  for (unsigned int i = 0; i < 4; ++i)
  {
    std::array<double, 4> unit{};
    unit[i] = 1.0;
    quaternions.push_back(unit);
    for (unsigned int j = i + 1; j < 4; ++j)
    {
      for (const double sign : { 1.0, -1.0 })
      {
        std::array<double, 4> pair{};
        pair[i] = root;
        pair[j] = sign * root;
        quaternions.push_back(pair);
      }
    }
  }
  for (unsigned int signs = 0; signs < 8; ++signs)
  {
    const auto sign = [=](unsigned int bit) { return (signs >> bit) & 1u ? -1.0 : 1.0; };
    quaternions.push_back({ half, half * sign(0), half * sign(1), half * sign(2) });
  }
  if (areAll)
  {
    std::array<unsigned int, 4> order{ 0, 1, 2, 3 };
    do
    {
      unsigned int inversions = 0;
      for (unsigned int i = 0; i < 4; ++i)
      {
        for (unsigned int j = i + 1; j < 4; ++j)
        {
          inversions += order[i] > order[j] ? 1 : 0;
        }
      }
      for (unsigned int signs = 0; signs < 4 && inversions % 2 == 0; ++signs)
      {
        const auto            sign = [=](unsigned int bit) { return (signs >> bit) & 1u ? -half : half; };
        std::array<double, 4> even{};
        even[order[0]] = half * golden;
        even[order[1]] = sign(0);
        even[order[2]] = sign(1) / golden;
        quaternions.push_back(even);
      }
    } while (std::next_permutation(order.begin(), order.end()));
  }
  std::vector<MatrixType> rotations;
  MatrixType              identity;
  identity.SetIdentity();
  for (const auto & q : quaternions)
  {
    const MatrixType rotation = MatrixOfQuaternion(q[0], q[1], q[2], q[3]);
    constexpr double small = 45.0; // degrees; such ones are searched on their own
    if (AngleBetween(rotation, identity) > small)
    {
      rotations.push_back(rotation);
    }
  }
  return rotations;
}

} // namespace

void
JudgeAll(std::vector<Start> & starts, const Picture & fixed, const Picture & moving, const Settings & settings)
{
  const auto trial = AffineType::New();
  trial->SetCenter(starts.front().transform->GetCenter());
  Judge         judge(fixed, moving, trial, searchSpacing * fixed.spacing, settings);
  SizeValueType largest = 0;
  for (Start & start : starts)
  {
    trial->SetParameters(start.Whole()->GetParameters());
    start.information = judge.Information();
    start.overlap = judge.Overlap();
    largest = std::max(largest, start.overlap);
  }
  starts.erase(std::remove_if(starts.begin(),
                              starts.end(),
                              [=](const Start & s) {
                                return s.overlap == 0 ||
                                       static_cast<double>(s.overlap) < smallestShare * static_cast<double>(largest);
                              }),
               starts.end());
  std::stable_sort(
    starts.begin(), starts.end(), [](const Start & a, const Start & b) { return a.information > b.information; });
}

std::vector<Start>
NearStarts(const std::vector<ShiftType> & shifts, const PointType & centre)
{
  constexpr double   degree = 3.14159265358979323846 / 180.0;
  std::vector<Start> starts;
  const auto         add = [&](const RigidType::Pointer & transform) {
    starts.emplace_back();
    starts.back().transform = transform;
    starts.back().turn.SetIdentity();
  };
  for (const ShiftType & shift : shifts)
  {
    add(MakeRigid(centre, shift, 0, 0.0));
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      for (const double angle : { -40.0, -20.0, 20.0, 40.0 })
      {
        add(MakeRigid(centre, shift, axis, angle * degree));
      }
    }
  }
  return starts;
}

std::vector<Start>
FarStarts(const std::vector<ShiftType> & shifts, const PointType & centre)
{
  std::vector<Start> starts;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, shifts.size()); ++i)
  {
    for (const MatrixType & turn : LargeRotations(i == 0))
    {
      starts.emplace_back();
      starts.back().turn = turn;
      starts.back().isTurned = true;
      // `turn` comes after the translation: turn * t = shift.
      starts.back().transform = MakeRigid(centre, MatrixType(turn.GetTranspose()) * shifts[i], 0, 0.0);
    }
  }
  return starts;
}

std::vector<Start>
SearchFar(const Picture &                fixed,
          const Picture &                moving,
          const std::vector<ShiftType> & shifts,
          const PointType &              centre,
          const Settings &               settings)
{
  constexpr std::size_t extended = 8;
  constexpr double      tilt = 22.0;  // degrees
  constexpr double      apart = 15.0; // likewise
  constexpr double      degree = 3.14159265358979323846 / 180.0;
  std::vector<Start>    starts = FarStarts(shifts, centre);
  JudgeAll(starts, fixed, moving, settings);
  const std::size_t number = std::min(starts.size(), extended);
  for (std::size_t i = 0; i < number; ++i)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      for (const double angle : { -tilt, tilt })
      {
        const ShiftType shift = starts[i].Whole()->GetTranslation();
        Start           near;
        near.turn = starts[i].turn * MakeRigid(centre, ShiftType(0.0), axis, angle * degree)->GetMatrix();
        near.isTurned = true;
        near.transform = MakeRigid(centre, MatrixType(near.turn.GetTranspose()) * shift, 0, 0.0);
        starts.push_back(near);
      }
    }
  }
  if (starts.empty())
  {
    return starts;
  }
  JudgeAll(starts, fixed, moving, settings);
  std::vector<Start> best;
  for (const Start & start : starts)
  {
    const bool isNew = std::none_of(
      best.begin(), best.end(), [&](const Start & other) { return AngleBetween(other.turn, start.turn) < apart; });
    if (isNew && best.size() < refinedStarts)
    {
      best.push_back(start);
    }
  }
  return best;
}

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk
