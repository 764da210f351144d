// SPDX-License-Identifier: Apache-2.0
#include "parallel/BoxPart.h"

#include "kernels/point/blend.h"

#include <algorithm>

namespace gnr
{

BoxPart::BoxPart(const Grid & image, const Grid & box, Communicator & communicator)
  : communicator_(communicator)
  , imagePlanes_(image.size[2])
  , boxPlanes_(box.size[2])
  , slab_(slabOf(boxPlanes_, communicator.size(), communicator.rank()))
{
  for (int rank = 0; rank < communicator.size(); ++rank)
  {
    const Slab slab = slabOf(boxPlanes_, communicator.size(), rank);
    const Slab inside{ std::min(slab.begin, imagePlanes_), std::min(slab.end, imagePlanes_) };
    planes_.push_back(inside);
    std::vector<Slab> wanted{ inside };
    if (inside.size() < slab.size())
    {
      wanted.push_back({ imagePlanes_ - 1, imagePlanes_ });
      wanted.push_back({ 0, 1 });
    }
    wanted_.push_back(wanted);
  }
  image_ = { image.size[0], image.size[1], planes_[communicator.rank()].size() };
  box_ = { box.size[0], box.size[1], slab_.size() };
}

BoxPart::Planes
BoxPart::collect(const InputImage & image, int components) const
{
  const std::vector<Slab> & wanted = wanted_[communicator_.rank()];
  const std::size_t         plane = components * imagePlane();
  Planes                    result;
  result.components_ = components;
  for (const Slab & slab : wanted)
  {
    result.sizes_.push_back(plane * slab.size());
  }
  if (haveAll(image.byRank, wanted_))
  {
    for (const Slab & slab : wanted)
    {
      result.runs_.push_back(image.data + plane * (slab.begin - image.planes.begin));
    }
    return result;
  }
  std::size_t count = 0;
  for (const Slab & slab : wanted)
  {
    count += slab.size();
  }
  result.memory_.resize(plane * count);
  exchangePlanes(communicator_, image.byRank, wanted_, image.data, plane, result.memory_.data());
  const float * next = result.memory_.data();
  for (const Slab & slab : wanted)
  {
    result.runs_.push_back(next);
    next += plane * slab.size();
  }
  return result;
}

Buffer
BoxPart::upload(const Planes & planes, Kernels & kernels, int component, double scale) const
{
  const std::vector<Slab> & wanted = wanted_[communicator_.rank()];
  std::size_t               points = 0;
  for (const Slab & slab : wanted)
  {
    points += imagePlane() * slab.size();
  }
  Buffer buffer(kernels, points);
  Real * next = buffer.data();
  for (std::size_t run = 0; run < wanted.size(); ++run)
  {
    const std::size_t n = imagePlane() * wanted[run].size();
    kernels.fromHost(planes.runs_[run] + component, planes.components_, scale, next, n);
    next += n;
  }
  return buffer;
}

void
BoxPart::extendPeriodically(const Buffer & image, Kernels & kernels, Real * out) const
{
  const auto withPlanes = [](Extents e, int nz) {
    e.nz = nz;
    return e;
  };
  const std::size_t plane = static_cast<std::size_t>(box_.nx) * box_.ny;
  kernels.extendPeriodically(image.data(), image_, withPlanes(box_, image_.nz), out);
  if (image_.nz == box_.nz)
  {
    return;
  }
  // The padding along z is a mixture of the planes at its ends.
  const Buffer edges(kernels, 2 * plane);
  kernels.extendPeriodically(
    image.data() + imagePlane() * image_.nz, withPlanes(image_, 2), withPlanes(box_, 2), edges.data());
  for (int k = image_.nz; k < box_.nz; ++k)
  {
    int    low = 0, high = 0;
    double t = 0.0;
    point::blendWeights(slab_.begin + k, imagePlanes_, boxPlanes_, low, high, t);
    kernels.combine(Real(1.0 - t), edges.data(), Real(t), edges.data() + plane, out + plane * k, plane);
  }
}

} // namespace gnr
