// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Fields_h
#define gnr_registration_Fields_h

#include "registration/FinestGrid.h"

#include "gnr/Engine.h"

#include <vector>

namespace gnr
{

/** What can be read of a solved registration. Buffers are those of the solver, and must live. */
class Fields
{
public:
  Fields(FinestGrid & finest, const Buffer & velocity, const Buffer & displacement)
    : finest_(finest)
    , velocity_(velocity)
    , displacement_(displacement)
  {}

  /** The part of this process in the image, vectors interleaved, into `own`. Collective. */
  void
  copy(Field field, float * own) const;
  /** The voxels of a box into memory of the caller. Collective. */
  void
  read(Field field, const OutputBlock & out) const;

private:
  void
  copyVectors(const Buffer & planar, double scale, float * own) const;
  void
  copyDeterminant(float * own) const;

  FinestGrid &   finest_;
  const Buffer & velocity_;
  const Buffer & displacement_;
};

} // namespace gnr

#endif
