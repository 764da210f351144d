// SPDX-License-Identifier: Apache-2.0
#include "registration/Fields.h"

#include "registration/DeformationMap.h"
#include "registration/InputImages.h"

#include <string>

namespace gnr
{

void
Fields::copyVectors(const Buffer & planar, double scale, float * own) const
{
  Kernels &     kernels = finest_.domain.kernels();
  const Extents e = finest_.part().image();
  const Buffer  image(kernels, e.points());
  for (int c = 0; c < 3; ++c)
  {
    kernels.crop(planar.data() + c * finest_.domain.points(), finest_.domain.extents(), e, image.data());
    kernels.toHost(image.data(), scale, own + c, 3, e.points());
  }
}

void
Fields::copyDeterminant(float * own) const
{
  Domain &      domain = finest_.domain;
  Kernels &     kernels = domain.kernels();
  const Extents e = finest_.part().image();
  const Buffer  det = domain.scalar(), image(kernels, e.points());
  determinantOf(domain, domain.view(displacement_), det.data());
  kernels.crop(det.data(), domain.extents(), e, image.data());
  kernels.toHost(image.data(), 1.0, own, 1, e.points());
}

void
Fields::copy(Field field, float * own) const
{
  switch (field)
  {
    case Field::Displacement:
      copyVectors(displacement_, 1.0, own);
      break;
    case Field::InverseDisplacement:
    {
      int steps = 0;
      copyVectors(integrateMap(finest_, velocity_, true, steps), 1.0, own);
      break;
    }
    case Field::Velocity: // the flow of minus the solver's velocity is the map
      copyVectors(velocity_, -1.0, own);
      break;
    case Field::Determinant:
      copyDeterminant(own);
      break;
  }
}

void
Fields::read(Field field, const OutputBlock & out) const
{
  Communicator &    communicator = finest_.domain.communicator();
  const Slab        wanted = planesIn(out, finest_.image, "the result");
  const std::size_t plane =
    componentsOf(field) * static_cast<std::size_t>(finest_.image.size[0]) * finest_.image.size[1];
  const bool         isDirect = communicator.size() == 1 && wanted.size() == finest_.image.size[2];
  std::vector<float> own(isDirect ? 0 : plane * finest_.part().image().nz);
  copy(field, isDirect ? out.data : own.data());
  finest_.domain.kernels().memory().trim();
  if (isDirect)
  {
    return;
  }
  std::vector<std::vector<Slab>> lists;
  for (const Slab & slab : gatherPlanes(communicator, wanted))
  {
    lists.push_back({ slab });
  }
  exchangePlanes(communicator, finest_.part().planes(), lists, own.data(), plane, out.data);
}

} // namespace gnr
