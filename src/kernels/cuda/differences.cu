// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/difference.h"
#include "kernels/point/jacobian.h"
#include "kernels/point/wrap.h"

namespace gnr
{
namespace cuda
{
namespace
{

constexpr int tileX = 32;
constexpr int tileY = 8;
constexpr int planesPerBlock = 32;

/** What a point sees of a field: its row and its column in the shared tile, its line along z in registers. */
template <int reach>
struct Neighbours
{
  static constexpr int tileStride = tileX + 2 * reach;

  const Real * tile; ///< the point
  const Real * line; ///< likewise

  __device__ __forceinline__ Real
  here() const
  {
    return line[0];
  }
  const __device__ __forceinline__ Real *
  along(int axis) const
  {
    return axis == 2 ? line : tile;
  }
  static constexpr __device__ __forceinline__ int
  stride(int axis)
  {
    return axis == 1 ? tileStride : 1;
  }
};

template <int fields>
struct Fields
{
  Padded field[fields];
};

/** The point that stands for i, beyond the end of an axis of n points: itself in a halo. */
__device__ __forceinline__ int
placeOf(int i, int n, bool isPeriodic)
{
  return isPeriodic ? point::wrap(i, n) : i;
}

/** Calls use(i, j, k, o, neighbours) at every point, o its place in arrays without halos.
 *
 * A block walks along z over a tile of (x, y). The planes ahead come into registers, from there into shared memory when
 * it is their turn; only what surrounds the tile is read a second time. Two tiles take turns, so that one barrier a
 * plane does. Reads of a field: 1 + 8 (reach = 4) planes in 32, the rest of the surroundings from the caches. */
template <int reach, int fields, typename Use>
__global__ void
__launch_bounds__(tileX * tileY) stencilKernel(Fields<fields> in, Use use)
{
  static_assert(2 * reach <= tileY, "one row of the surroundings a thread");
  constexpr int   stride = Neighbours<reach>::tileStride;
  constexpr int   line = 2 * reach + 1;
  __shared__ Real tiles[2][fields][(tileY + 2 * reach) * stride];

  const Extents e = in.field[0].interior;
  const int     tx = static_cast<int>(threadIdx.x), ty = static_cast<int>(threadIdx.y);
  const int     x0 = static_cast<int>(blockIdx.x) * tileX, y0 = static_cast<int>(blockIdx.y) * tileY;
  const int     i = x0 + tx, j = y0 + ty;
  const int     kBegin = static_cast<int>(blockIdx.z) * planesPerBlock;
  const int     kEnd = kBegin + planesPerBlock < e.nz ? kBegin + planesPerBlock : e.nz;
  // The tile of the last block in a row may end in the halo: those points are seen but not computed.
  const bool isSeen = i < e.nx + reach && j < e.ny + reach;
  const bool isComputed = i < e.nx && j < e.ny;
  // A row above or below the tile, and a column left or right of it.
  const int  row = ty < reach ? ty : ty + tileY;
  const bool hasRow = ty < 2 * reach && i < e.nx && y0 + row - reach < e.ny + reach;
  const int  column = tx < reach ? tx : tx + tileX;
  const bool hasColumn = tx < 2 * reach && j < e.ny && x0 + column - reach < e.nx + reach;

  // Where all of this lies; one field is periodic if all are.
  const bool isPeriodic = in.field[0].isPeriodic;
  const int  xPlace = placeOf(i, e.nx, isPeriodic), yPlace = placeOf(j, e.ny, isPeriodic);
  const int  rowPlace = placeOf(y0 + row - reach, e.ny, isPeriodic);
  const int  columnPlace = placeOf(x0 + column - reach, e.nx, isPeriodic);

  Real lines[fields][line];
#pragma unroll
  for (int m = 1; m < line; ++m)
  {
    const int z = placeOf(kBegin - reach + m - 1, e.nz, isPeriodic);
    for (int f = 0; f < fields; ++f)
    {
      const Padded & p = in.field[f];
      lines[f][m] = isSeen ? p.origin[xPlace + yPlace * p.rowStride + z * p.planeStride] : Real(0);
    }
  }
  for (int k = kBegin; k < kEnd; ++k)
  {
    const int ahead = placeOf(k + reach, e.nz, isPeriodic);
    for (int f = 0; f < fields; ++f)
    {
      const Padded & p = in.field[f];
      Real * const   tile = tiles[k % 2][f];
#pragma unroll
      for (int m = 1; m < line; ++m)
      {
        lines[f][m - 1] = lines[f][m];
      }
      const Real * const plane = p.origin + k * p.planeStride;
      lines[f][line - 1] = isSeen ? p.origin[xPlace + yPlace * p.rowStride + ahead * p.planeStride] : Real(0);
      tile[(ty + reach) * stride + tx + reach] = lines[f][reach];
      if (hasRow)
      {
        tile[row * stride + tx + reach] = plane[xPlace + rowPlace * p.rowStride];
      }
      if (hasColumn)
      {
        tile[(ty + reach) * stride + column] = plane[columnPlace + yPlace * p.rowStride];
      }
    }
    __syncthreads();
    if (isComputed)
    {
      Neighbours<reach> neighbours[fields];
      for (int f = 0; f < fields; ++f)
      {
        neighbours[f].tile = tiles[k % 2][f] + (ty + reach) * stride + tx + reach;
        neighbours[f].line = lines[f] + reach;
      }
      use((static_cast<std::size_t>(k) * e.ny + j) * e.nx + i, neighbours);
    }
  }
}

template <int reach, int fields, typename Use>
void
forEachStencil(StreamHere here, const Fields<fields> & in, Use use)
{
  const Extents & e = in.field[0].interior;
  launch(stencilKernel<reach, fields, Use>,
         dim3(blocksFor(e.nx, tileX), blocksFor(e.ny, tileY), blocksFor(e.nz, planesPerBlock)),
         dim3(tileX, tileY),
         0,
         here,
         in,
         use);
}

using Wide = Neighbours<point::differenceReach>;
using Narrow = Neighbours<1>;

/** The 8th-order difference along an axis, in units of 1/spacing. */
template <int axis>
__device__ __forceinline__ Real
difference(const Wide & f)
{
  return point::difference8(f.along(axis), Wide::stride(axis));
}

} // namespace

void
CudaKernels::gradientDot(const Padded &          m,
                         const double            inverseSpacing[3],
                         const ConstVectorView & v,
                         Real                    a,
                         Real                    b,
                         Real *                  out)
{
  const Real gx = a * Real(inverseSpacing[0]), gy = a * Real(inverseSpacing[1]), gz = a * Real(inverseSpacing[2]);
  const Real *const vx = v[0], *const vy = v[1], *const vz = v[2];
  forEachStencil<point::differenceReach, 1>(
    stream(), Fields<1>{ { m } }, [=] __device__(std::size_t o, const Wide(&f)[1]) {
      const Real value =
        gx * vx[o] * difference<0>(f[0]) + gy * vy[o] * difference<1>(f[0]) + gz * vz[o] * difference<2>(f[0]);
      out[o] = b != Real(0) ? value + b * out[o] : value;
    });
}

void
CudaKernels::scaledGradient(const Padded &     m,
                            const double       inverseSpacing[3],
                            const Real *       lambda,
                            Real               a,
                            Real               b,
                            const VectorView & out)
{
  const Real  gx = a * Real(inverseSpacing[0]), gy = a * Real(inverseSpacing[1]), gz = a * Real(inverseSpacing[2]);
  Real *const ox = out[0], *const oy = out[1], *const oz = out[2];
  forEachStencil<point::differenceReach, 1>(
    stream(), Fields<1>{ { m } }, [=] __device__(std::size_t o, const Wide(&f)[1]) {
      const Real l = lambda[o];
      const Real x = gx * l * difference<0>(f[0]);
      const Real y = gy * l * difference<1>(f[0]);
      const Real z = gz * l * difference<2>(f[0]);
      ox[o] = b != Real(0) ? x + b * ox[o] : x;
      oy[o] = b != Real(0) ? y + b * oy[o] : y;
      oz[o] = b != Real(0) ? z + b * oz[o] : z;
    });
}

namespace
{

template <int axis>
struct DerivativeUse
{
  Real   scale;
  Real   b;
  Real * out;

  __device__ void
  operator()(std::size_t o, const Wide (&f)[1]) const
  {
    const Real value = scale * difference<axis>(f[0]);
    out[o] = b != Real(0) ? value + b * out[o] : value;
  }
};

} // namespace

void
CudaKernels::derivative(const Padded & f, int axis, double inverseSpacing, Real a, Real b, Real * out)
{
  const Real      scale = a * Real(inverseSpacing);
  const Fields<1> in{ { f } };
  switch (axis)
  {
    case 0:
      forEachStencil<point::differenceReach>(stream(), in, DerivativeUse<0>{ scale, b, out });
      break;
    case 1:
      forEachStencil<point::differenceReach>(stream(), in, DerivativeUse<1>{ scale, b, out });
      break;
    default:
      forEachStencil<point::differenceReach>(stream(), in, DerivativeUse<2>{ scale, b, out });
  }
}

void
CudaKernels::jacobianDeterminant(const Padded u[3], const double inverseSpacing[3], Real * out)
{
  const Real sx = Real(inverseSpacing[0]), sy = Real(inverseSpacing[1]), sz = Real(inverseSpacing[2]);
  forEachStencil<1, 3>(stream(), Fields<3>{ { u[0], u[1], u[2] } }, [=] __device__(std::size_t o, const Narrow(&f)[3]) {
    const Real s[3] = { sx, sy, sz };
    Real       g[3][3];
    for (int c = 0; c < 3; ++c)
    {
      for (int axis = 0; axis < 3; ++axis)
      {
        g[c][axis] = s[axis] * point::difference2(f[c].along(axis), Narrow::stride(axis));
      }
    }
    out[o] = point::determinantOfIdentityPlus(g);
  });
}

void
CudaKernels::squaredGradient(const Padded & f, const double inverseSpacing[3], Real b, Real * out)
{
  const Real hx = Real(0.5 * inverseSpacing[0] * inverseSpacing[0]);
  const Real hy = Real(0.5 * inverseSpacing[1] * inverseSpacing[1]);
  const Real hz = Real(0.5 * inverseSpacing[2] * inverseSpacing[2]);
  forEachStencil<1, 1>(stream(), Fields<1>{ { f } }, [=] __device__(std::size_t o, const Narrow(&n)[1]) {
    const Real half[3] = { hx, hy, hz };
    Real       value = 0;
    for (int axis = 0; axis < 3; ++axis)
    {
      const Real * const p = n[0].along(axis);
      const int          s = Narrow::stride(axis);
      const Real         forward = p[s] - p[0], backward = p[0] - p[-s];
      value += half[axis] * (forward * forward + backward * backward);
    }
    out[o] = b != Real(0) ? value + b * out[o] : value;
  });
}

void
CudaKernels::weightedLaplacian(const Padded & f,
                               const Padded & weight,
                               const double   inverseSpacing[3],
                               Real           a,
                               Real           b,
                               Real *         out)
{
  const Real gx = a * Real(inverseSpacing[0] * inverseSpacing[0]);
  const Real gy = a * Real(inverseSpacing[1] * inverseSpacing[1]);
  const Real gz = a * Real(inverseSpacing[2] * inverseSpacing[2]);
  forEachStencil<1, 2>(stream(), Fields<2>{ { f, weight } }, [=] __device__(std::size_t o, const Narrow(&n)[2]) {
    const Real scale[3] = { gx, gy, gz };
    Real       value = 0;
    for (int axis = 0; axis < 3; ++axis)
    {
      const Real * const p = n[0].along(axis);
      const Real * const w = n[1].along(axis);
      const int          s = Narrow::stride(axis);
      value += scale[axis] * ((w[0] + w[s]) * (p[0] - p[s]) + (w[0] + w[-s]) * (p[0] - p[-s]));
    }
    out[o] = b != Real(0) ? value + b * out[o] : value;
  });
}

void
CudaKernels::addGradientDyad(const Padded &              m,
                             const double                inverseSpacing[3],
                             const Real *                weight,
                             Real                        a,
                             Real                        b,
                             const SymmetricTensorView & t)
{
  const Real        hx = Real(inverseSpacing[0]), hy = Real(inverseSpacing[1]), hz = Real(inverseSpacing[2]);
  Real * const      data = t.data;
  const std::size_t stride = t.stride;
  forEachStencil<point::differenceReach, 1>(
    stream(), Fields<1>{ { m } }, [=] __device__(std::size_t o, const Wide(&f)[1]) {
      const Real g[3] = { hx * difference<0>(f[0]), hy * difference<1>(f[0]), hz * difference<2>(f[0]) };
      const Real w = weight == nullptr ? a : a * weight[o];
      int        component = 0;
#pragma unroll
      for (int row = 0; row < 3; ++row)
      {
#pragma unroll
        for (int column = row; column < 3; ++column, ++component)
        {
          Real * const out = data + component * stride + o;
          const Real   value = w * g[row] * g[column];
          *out = b != Real(0) ? value + b * *out : value;
        }
      }
    });
}

namespace
{

/** Spacing along the row over spacing along the column. */
struct Ratios
{
  Real value[3][3];

  explicit Ratios(const double spacing[3])
  {
    for (int a = 0; a < 3; ++a)
    {
      for (int b = 0; b < 3; ++b)
      {
        value[a][b] = Real(spacing[a] / spacing[b]);
      }
    }
  }
};

/** The Jacobian of the map to the departure points. */
__device__ __forceinline__ void
departureJacobian(const Wide (&d)[3], const Ratios & ratios, Real jacobian[3][3])
{
#pragma unroll
  for (int a = 0; a < 3; ++a)
  {
    jacobian[a][0] = ratios.value[a][0] * difference<0>(d[a]);
    jacobian[a][1] = ratios.value[a][1] * difference<1>(d[a]);
    jacobian[a][2] = ratios.value[a][2] * difference<2>(d[a]);
    jacobian[a][a] += Real(1);
  }
}

} // namespace

void
CudaKernels::pushForward(const Padded d[3], const double spacing[3], const VectorView & z)
{
  const Ratios ratios(spacing);
  Real *const x = z[0], *const y = z[1], *const w = z[2];
  forEachStencil<point::differenceReach, 3>(
    stream(), Fields<3>{ { d[0], d[1], d[2] } }, [=] __device__(std::size_t o, const Wide(&f)[3]) {
      Real jacobian[3][3], vector[3] = { x[o], y[o], w[o] };
      departureJacobian(f, ratios, jacobian);
      point::solve(jacobian, vector);
      x[o] = vector[0];
      y[o] = vector[1];
      w[o] = vector[2];
    });
}

void
CudaKernels::pullBackAdjoint(const Padded d[3], const double spacing[3], const VectorView & z)
{
  const Ratios ratios(spacing);
  Real *const x = z[0], *const y = z[1], *const w = z[2];
  forEachStencil<point::differenceReach, 3>(
    stream(), Fields<3>{ { d[0], d[1], d[2] } }, [=] __device__(std::size_t o, const Wide(&f)[3]) {
      Real jacobian[3][3], vector[3] = { x[o], y[o], w[o] };
      departureJacobian(f, ratios, jacobian);
      point::multiplyByTransposeAndDeterminant(jacobian, vector);
      x[o] = vector[0];
      y[o] = vector[1];
      w[o] = vector[2];
    });
}

} // namespace cuda
} // namespace gnr
