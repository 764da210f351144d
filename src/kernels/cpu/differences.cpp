// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd.h"
#include "kernels/point/difference.h"
#include "kernels/point/jacobian.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

namespace
{

template <int width>
inline typename Vector<width>::Type
difference(const Real * p, std::ptrdiff_t stride)
{
  return point::difference8Of<Real>([p](std::ptrdiff_t o) { return load<width>(p + o); }, stride);
}

} // namespace

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
  const std::size_t plane = static_cast<std::size_t>(e.nx) * e.ny;
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real *      p = m.origin + j * sy + k * sz;
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    Real * const      r = out + o;
    forLanes<1>(e.nx, &r, [=](auto width, int i, auto * value) {
      prefetch(p + i + 5 * sz);
      for (int q = 0; q < 3; ++q)
      {
        prefetch(v[q] + o + plane + i);
      }
      prefetch(r + plane + i);
      value[0] = gx * load<width>(v[0] + o + i) * difference<width>(p + i, 1) +
                 gy * load<width>(v[1] + o + i) * difference<width>(p + i, sy) +
                 gz * load<width>(v[2] + o + i) * difference<width>(p + i, sz);
      if (b != Real(0))
      {
        value[0] += b * load<width>(r + i);
      }
    });
  });
}

void
CpuKernels::scaledGradient(const Padded &     m,
                           const double       inverseSpacing[3],
                           const Real *       lambda,
                           Real               a,
                           Real               b,
                           const VectorView & out)
{
  const Extents        e = m.interior;
  const std::ptrdiff_t sy = m.rowStride, sz = m.planeStride;
  const Real gx = a * Real(inverseSpacing[0]), gy = a * Real(inverseSpacing[1]), gz = a * Real(inverseSpacing[2]);
  const std::size_t plane = static_cast<std::size_t>(e.nx) * e.ny;
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real *      p = m.origin + j * sy + k * sz;
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    Real * const      r[3] = { out[0] + o, out[1] + o, out[2] + o };
    forLanes<3>(e.nx, r, [=](auto width, int i, auto * value) {
      prefetch(p + i + 5 * sz);
      prefetch(lambda + o + plane + i);
      for (int q = 0; q < 3; ++q)
      {
        prefetch(r[q] + plane + i);
      }
      const auto l = load<width>(lambda + o + i);
      value[0] = gx * l * difference<width>(p + i, 1);
      value[1] = gy * l * difference<width>(p + i, sy);
      value[2] = gz * l * difference<width>(p + i, sz);
      if (b != Real(0))
      {
        for (int q = 0; q < 3; ++q)
        {
          value[q] += b * load<width>(r[q] + i);
        }
      }
    });
  });
}

void
CpuKernels::derivative(const Padded & f, int axis, double inverseSpacing, Real a, Real b, Real * out)
{
  const Extents        e = f.interior;
  const std::ptrdiff_t sy = f.rowStride, sz = f.planeStride;
  const std::ptrdiff_t stride = axis == 0 ? 1 : (axis == 1 ? sy : sz);
  const Real           scale = a * Real(inverseSpacing);
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real * p = f.origin + j * sy + k * sz;
    Real * const r = out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    forLanes<1>(e.nx, &r, [=](auto width, int i, auto * value) {
      value[0] = scale * difference<width>(p + i, stride);
      if (b != Real(0))
      {
        value[0] += b * load<width>(r + i);
      }
    });
  });
}

void
CpuKernels::jacobianDeterminant(const Padded u[3], const double inverseSpacing[3], Real * out)
{
  const Extents e = u[0].interior;
  const Real    s[3] = { Real(inverseSpacing[0]), Real(inverseSpacing[1]), Real(inverseSpacing[2]) };
  const Padded  f[3] = { u[0], u[1], u[2] };
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
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

void
CpuKernels::squaredGradient(const Padded & f, const double inverseSpacing[3], Real b, Real * out)
{
  const Extents        e = f.interior;
  const std::ptrdiff_t stride[3] = { 1, f.rowStride, f.planeStride };
  Real                 half[3];
  for (int a = 0; a < 3; ++a)
  {
    half[a] = Real(0.5 * inverseSpacing[a] * inverseSpacing[a]);
  }
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real * p = f.origin + j * stride[1] + k * stride[2];
    Real * const r = out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    forLanes<1>(e.nx, &r, [=](auto width, int i, auto * value) {
      const auto here = load<width>(p + i);
      value[0] = here * Real(0);
      for (int a = 0; a < 3; ++a)
      {
        const auto forward = load<width>(p + i + stride[a]) - here, backward = here - load<width>(p + i - stride[a]);
        value[0] += half[a] * (forward * forward + backward * backward);
      }
      if (b != Real(0))
      {
        value[0] += b * load<width>(r + i);
      }
    });
  });
}

void
CpuKernels::weightedLaplacian(const Padded & f,
                              const Padded & weight,
                              const double   inverseSpacing[3],
                              Real           a,
                              Real           b,
                              Real *         out)
{
  const Extents        e = f.interior;
  const std::ptrdiff_t stride[3] = { 1, f.rowStride, f.planeStride };
  const std::ptrdiff_t weightStride[3] = { 1, weight.rowStride, weight.planeStride };
  Real                 scale[3];
  for (int axis = 0; axis < 3; ++axis)
  {
    scale[axis] = a * Real(inverseSpacing[axis] * inverseSpacing[axis]);
  }
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real * p = f.origin + j * stride[1] + k * stride[2];
    const Real * w = weight.origin + j * weightStride[1] + k * weightStride[2];
    Real * const r = out + (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    forLanes<1>(e.nx, &r, [=](auto width, int i, auto * value) {
      const auto here = load<width>(p + i), weightHere = load<width>(w + i);
      value[0] = here * Real(0);
      for (int axis = 0; axis < 3; ++axis)
      {
        const std::ptrdiff_t s = stride[axis], t = weightStride[axis];
        value[0] += scale[axis] * ((weightHere + load<width>(w + i + t)) * (here - load<width>(p + i + s)) +
                                   (weightHere + load<width>(w + i - t)) * (here - load<width>(p + i - s)));
      }
      if (b != Real(0))
      {
        value[0] += b * load<width>(r + i);
      }
    });
  });
}

void
CpuKernels::addGradientDyad(const Padded &              m,
                            const double                inverseSpacing[3],
                            const Real *                weight,
                            Real                        a,
                            Real                        b,
                            const SymmetricTensorView & t)
{
  const Extents        e = m.interior;
  const std::ptrdiff_t sy = m.rowStride, sz = m.planeStride;
  const Real           hx = Real(inverseSpacing[0]), hy = Real(inverseSpacing[1]), hz = Real(inverseSpacing[2]);
  const std::size_t    plane = static_cast<std::size_t>(e.nx) * e.ny;
  forRows(e, threadsFor(e.points(), sharedStencils), [=](int j, int k) {
    const Real *      p = m.origin + j * sy + k * sz;
    const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx;
    Real * const      r[6] = { t[0] + o, t[1] + o, t[2] + o, t[3] + o, t[4] + o, t[5] + o };
    forLanes<6>(e.nx, r, [=](auto width, int i, auto * value) {
      prefetch(p + i + 5 * sz);
      for (int q = 0; q < 6; ++q)
      {
        prefetch(r[q] + plane + i);
      }
      const auto gx = hx * difference<width>(p + i, 1);
      const auto gy = hy * difference<width>(p + i, sy);
      const auto gz = hz * difference<width>(p + i, sz);
      const auto wx = weight == nullptr ? a * gx : a * load<width>(weight + o + i) * gx;
      const auto wy = weight == nullptr ? a * gy : a * load<width>(weight + o + i) * gy;
      const auto wz = weight == nullptr ? a * gz : a * load<width>(weight + o + i) * gz;
      value[0] = wx * gx;
      value[1] = wx * gy;
      value[2] = wx * gz;
      value[3] = wy * gy;
      value[4] = wy * gz;
      value[5] = wz * gz;
      if (b != Real(0))
      {
        for (int q = 0; q < 6; ++q)
        {
          value[q] += b * load<width>(r[q] + i);
        }
      }
    });
  });
}

namespace
{

/** z = use(J, z) at every point, J the Jacobian of the map to the departure points. One component of d after the other:
 * what the differences of all three read of a row exceeds the first-level cache. */
template <typename Use>
inline void
forJacobians(const Padded d[3], const double spacing[3], const VectorView & z, int threads, Use use)
{
  constexpr int most = 256; // points at a time
  const Extents e = d[0].interior;
  const Padded  f[3] = { d[0], d[1], d[2] };
  Real          ratio[3][3];
  for (int a = 0; a < 3; ++a)
  {
    for (int b = 0; b < 3; ++b)
    {
      ratio[a][b] = Real(spacing[a] / spacing[b]);
    }
  }
  forRows(e, threads, [=](int j, int k) {
    Real jacobians[3][3][most];
    for (int begin = 0; begin < e.nx; begin += most)
    {
      const int count = e.nx - begin < most ? e.nx - begin : most;
      for (int a = 0; a < 3; ++a)
      {
        const std::ptrdiff_t sy = f[a].rowStride, sz = f[a].planeStride;
        const Real * const   p = f[a].origin + begin + j * sy + k * sz;
        const Real           one[3] = { Real(a == 0), Real(a == 1), Real(a == 2) };
        Real * const         rows[3] = { jacobians[a][0], jacobians[a][1], jacobians[a][2] };
        forLanes<3>(count, rows, [=](auto width, int i, auto * value) {
          prefetch(p + i + 5 * sz);
          value[0] = one[0] + ratio[a][0] * difference<width>(p + i, 1);
          value[1] = one[1] + ratio[a][1] * difference<width>(p + i, sy);
          value[2] = one[2] + ratio[a][2] * difference<width>(p + i, sz);
        });
      }
      const std::size_t o = (static_cast<std::size_t>(k) * e.ny + j) * e.nx + begin;
      Real * const      r[3] = { z[0] + o, z[1] + o, z[2] + o };
      forLanes<3>(count, r, [&](auto width, int i, auto * value) {
        typename Vector<width>::Type jacobian[3][3];
        for (int a = 0; a < 3; ++a)
        {
          value[a] = load<width>(r[a] + i);
          for (int b = 0; b < 3; ++b)
          {
            jacobian[a][b] = load<width>(jacobians[a][b] + i);
          }
        }
        use(jacobian, value);
      });
    }
  });
}

} // namespace

void
CpuKernels::pushForward(const Padded d[3], const double spacing[3], const VectorView & z)
{
  forJacobians(d, spacing, z, threadsFor(d[0].interior.points(), sharedStencils), [](auto & jacobian, auto * value) {
    point::solve(jacobian, value);
  });
}

void
CpuKernels::pullBackAdjoint(const Padded d[3], const double spacing[3], const VectorView & z)
{
  forJacobians(d, spacing, z, threadsFor(d[0].interior.points(), sharedStencils), [](auto & jacobian, auto * value) {
    point::multiplyByTransposeAndDeterminant(jacobian, value);
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
