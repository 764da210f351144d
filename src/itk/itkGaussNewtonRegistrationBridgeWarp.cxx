// SPDX-License-Identifier: Apache-2.0
// The moving image through the map that was found.
#include "itkGaussNewtonRegistrationBridge.h"

#include "itkGaussNewtonRegistrationCoreErrors.h"
#include "itkGaussNewtonRegistrationImages.h"
#include "itkGaussNewtonRegistrationSampling.h"

#include "itkLinearInterpolateImageFunction.h"

#include "gnr/Communicator.h"

#include <algorithm>
#include <vector>

namespace itk
{

namespace
{
using namespace GaussNewtonRegistrationImages;
using namespace GaussNewtonRegistrationSampling;
using GaussNewtonRegistrationCoreErrors::WithItkErrors;
} // namespace

void
GaussNewtonRegistrationBridge::Warp(const Source<ScalarImageType> & moving,
                                    const VectorImageType *         displacement,
                                    const TransformType *           initialTransform,
                                    ScalarImageType *               warped) const
{
  const PointMap map(warped, displacement, initialTransform);
  float * const  values = warped->GetBufferPointer();
  ForEachPiece(
    warped->GetBufferedRegion(),
    map,
    moving,
    Outside::Ignored,
    m_Threader,
    [&](const RegionType & piece, const RegionType &, const ScalarImageType * part) {
      const auto interpolator = LinearInterpolateImageFunction<ScalarImageType, double>::New();
      interpolator->SetInputImage(part);
      ForEachPoint(
        piece, map, moving.grid, m_Threader, [&](const IndexType & index, const CoordinateType & c, bool isInside) {
          values[warped->ComputeOffset(index)] =
            isInside ? static_cast<float>(interpolator->EvaluateAtContinuousIndex(c)) : 0.0F;
        });
    });
}

void
GaussNewtonRegistrationBridge::WarpAtRoot(const Source<ScalarImageType> & moving,
                                          const VectorImageType *         displacement,
                                          const TransformType *           initialTransform,
                                          ScalarImageType *               warped) const
{
  const Distribution & distribution = m_Distribution;
  gnr::Communicator &  communicator = *distribution.GetCommunicator();
  const int            processes = communicator.size();
  const int            rank = communicator.rank();
  const RegionType     whole = distribution.GetFixedGrid()->GetLargestPossibleRegion();
  const SizeValueType  planeSize = whole.GetSize(0) * whole.GetSize(1);

  // What the root holds of all others at a time.
  constexpr SizeValueType roundBytes = SizeValueType(1) << 28;
  const SizeValueType     planes =
    std::max<SizeValueType>(1, roundBytes / (planeSize * 4 * sizeof(float) * static_cast<SizeValueType>(processes)));
  /** The planes of a process in a round; none if it has fewer. */
  const auto partOf = [&](int process, SizeValueType round) {
    RegionType          slab = distribution.GetSlab(process);
    const SizeValueType begin = std::min(round * planes, slab.GetSize(2));
    const SizeValueType end = std::min((round + 1) * planes, slab.GetSize(2));
    slab.SetIndex(2, slab.GetIndex(2) + static_cast<IndexValueType>(begin));
    slab.SetSize(2, end - begin);
    return slab;
  };
  SizeValueType rounds = 0;
  for (int process = 0; process < processes; ++process)
  {
    rounds = std::max(rounds, (distribution.GetSlab(process).GetSize(2) + planes - 1) / planes);
  }

  const auto exchange = [&](const std::vector<gnr::Message> & send, const std::vector<gnr::Message> & receive) {
    WithItkErrors(ITK_LOCATION, [&] {
      communicator.startExchange(gnr::Purpose::Images, send, receive);
      communicator.finishExchange();
    });
  };
  if (rank == 0)
  {
    Warp(moving, displacement, initialTransform, warped);
  }
  for (SizeValueType round = 0; round < rounds; ++round)
  {
    if (rank != 0)
    {
      const RegionType          region = partOf(rank, round);
      std::vector<gnr::Message> vectors;
      std::vector<gnr::Message> values;
      if (const SizeValueType count = region.GetNumberOfPixels())
      {
        const auto * const from = displacement->GetBufferPointer() + displacement->ComputeOffset(region.GetIndex());
        vectors.push_back({ const_cast<Vector<float, 3> *>(from), count * sizeof(Vector<float, 3>), 0 });
        values.push_back(
          { warped->GetBufferPointer() + warped->ComputeOffset(region.GetIndex()), count * sizeof(float), 0 });
      }
      exchange(vectors, {});
      exchange({}, values);
      continue;
    }
    std::vector<VectorImageType::Pointer> fields;
    std::vector<ScalarImageType::Pointer> images;
    std::vector<gnr::Message>             incoming;
    std::vector<gnr::Message>             outgoing;
    for (int process = 1; process < processes; ++process)
    {
      const RegionType region = partOf(process, round);
      if (const SizeValueType count = region.GetNumberOfPixels())
      {
        fields.push_back(AllocateOn<VectorImageType>(distribution.GetFixedGrid(), region));
        images.push_back(AllocateOn<ScalarImageType>(distribution.GetFixedGrid(), region));
        incoming.push_back({ fields.back()->GetBufferPointer(), count * sizeof(Vector<float, 3>), process });
        outgoing.push_back({ images.back()->GetBufferPointer(), count * sizeof(float), process });
      }
    }
    exchange({}, incoming);
    for (std::size_t i = 0; i < fields.size(); ++i)
    {
      Warp(moving, fields[i], initialTransform, images[i]);
    }
    exchange(outgoing, {});
  }
}

} // namespace itk
