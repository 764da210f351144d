// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/difference.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

void
CpuKernels::gradientDot(const Padded &          m,
                        const double            inverseSpacing[3],
                        const ConstVectorView & v,
                        Real                    a,
                        Real                    b,
                        Real *                  out)
{
  const Extents        e = m.interior;
  const std::ptrdiff_t sy = m.rowStride, sz = m.planeStride;
  const Real gx = a * Real(inverseSpacing[0]), gy = a * Real(inverseSpacing[1]), gz = a * Real(inverseSpacing[2]);
  forRows(e, threads_, [=](int j, int k) {
    const Real *      p = m.origin + j * sy + k * sz;
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    const Real *      vx = v[0] + o;
    const Real *      vy = v[1] + o;
    const Real *      vz = v[2] + o;
    Real *            r = out + o;
    if (b == Real(0))
    {
#pragma omp simd
      for (int i = 0; i < e.nx; ++i)
      {
        r[i] = gx * vx[i] * point::difference8(p + i, 1) + gy * vy[i] * point::difference8(p + i, sy) +
               gz * vz[i] * point::difference8(p + i, sz);
      }
    }
    else
    {
#pragma omp simd
      for (int i = 0; i < e.nx; ++i)
      {
        r[i] = b * r[i] + (gx * vx[i] * point::difference8(p + i, 1) + gy * vy[i] * point::difference8(p + i, sy) +
                           gz * vz[i] * point::difference8(p + i, sz));
      }
    }
  });
}

void
CpuKernels::addScaledGradient(const Padded &     m,
                              const double       inverseSpacing[3],
                              const Real *       lambda,
                              Real               a,
                              const VectorView & b)
{
  const Extents        e = m.interior;
  const std::ptrdiff_t sy = m.rowStride, sz = m.planeStride;
  const Real gx = a * Real(inverseSpacing[0]), gy = a * Real(inverseSpacing[1]), gz = a * Real(inverseSpacing[2]);
  forRows(e, threads_, [=](int j, int k) {
    const Real *      p = m.origin + j * sy + k * sz;
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    const Real *      l = lambda + o;
    Real *            bx = b[0] + o;
    Real *            by = b[1] + o;
    Real *            bz = b[2] + o;
#pragma omp simd
    for (int i = 0; i < e.nx; ++i)
    {
      bx[i] += gx * l[i] * point::difference8(p + i, 1);
      by[i] += gy * l[i] * point::difference8(p + i, sy);
      bz[i] += gz * l[i] * point::difference8(p + i, sz);
    }
  });
}

void
CpuKernels::derivative(const Padded & f, int axis, double inverseSpacing, Real a, Real b, Real * out)
{
  const Extents        e = f.interior;
  const std::ptrdiff_t sy = f.rowStride, sz = f.planeStride;
  const std::ptrdiff_t stride = axis == 0 ? 1 : (axis == 1 ? sy : sz);
  const Real           scale = a * Real(inverseSpacing);
  forRows(e, threads_, [=](int j, int k) {
    const Real * p = f.origin + j * sy + k * sz;
    Real *       r = out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    if (b == Real(0))
    {
#pragma omp simd
      for (int i = 0; i < e.nx; ++i)
      {
        r[i] = scale * point::difference8(p + i, stride);
      }
    }
    else
    {
#pragma omp simd
      for (int i = 0; i < e.nx; ++i)
      {
        r[i] = b * r[i] + scale * point::difference8(p + i, stride);
      }
    }
  });
}

void
CpuKernels::jacobianDeterminant(const Padded u[3], const double inverseSpacing[3], Real * out)
{
  const Extents e = u[0].interior;
  const Real    s[3] = { Real(inverseSpacing[0]), Real(inverseSpacing[1]), Real(inverseSpacing[2]) };
  const Padded  f[3] = { u[0], u[1], u[2] };
  forRows(e, threads_, [=](int j, int k) {
    Real * r = out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    for (int i = 0; i < e.nx; ++i)
    {
      Real g[3][3];
      for (int c = 0; c < 3; ++c)
      {
        const Real * p = f[c].origin + i + j * f[c].rowStride + k * f[c].planeStride;
        g[c][0] = s[0] * point::difference2(p, 1);
        g[c][1] = s[1] * point::difference2(p, f[c].rowStride);
        g[c][2] = s[2] * point::difference2(p, f[c].planeStride);
      }
      r[i] = point::determinantOfIdentityPlus(g);
    }
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
