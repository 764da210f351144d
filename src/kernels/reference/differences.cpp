// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <cmath>
#include <utility>

namespace gnr
{
namespace
{

/** d/dx of order 8 at p, neighbours a stride apart, in units of 1/spacing [D1]. */
double
eighthOrder(const Real * p, std::ptrdiff_t stride)
{
  const double weights[9] = { 3, -32, 168, -672, 0, 672, -168, 32, -3 };
  double       total = 0.0;
  for (int offset = -4; offset <= 4; ++offset)
  {
    total += weights[offset + 4] * double(p[offset * stride]);
  }
  return total / 840.0;
}

const Real *
pointOf(const Padded & f, int i, int j, int k)
{
  return f.origin + i + j * f.rowStride + k * f.planeStride;
}

std::ptrdiff_t
strideOf(const Padded & f, int axis)
{
  return axis == 0 ? 1 : (axis == 1 ? f.rowStride : f.planeStride);
}

std::size_t
indexOf(const Extents & e, int i, int j, int k)
{
  return i + std::size_t(e.nx) * (j + std::size_t(e.ny) * k);
}

/** a x + b y, where y is not looked at if b is zero. */
double
update(Real a, double x, Real b, const Real & y)
{
  return b == 0 ? double(a) * x : double(a) * x + double(b) * double(y);
}

} // namespace

void
ReferenceKernels::gradientDot(const Padded &          m,
                              const double            inverseSpacing[3],
                              const ConstVectorView & v,
                              Real                    a,
                              Real                    b,
                              Real *                  out)
{
  const Extents & e = m.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = indexOf(e, i, j, k);
        double            product = 0.0;
        for (int axis = 0; axis < 3; ++axis)
        {
          product += double(v[axis][n]) * inverseSpacing[axis] * eighthOrder(pointOf(m, i, j, k), strideOf(m, axis));
        }
        out[n] = static_cast<Real>(update(a, product, b, out[n]));
      }
    }
  }
}

void
ReferenceKernels::scaledGradient(const Padded &     m,
                                 const double       inverseSpacing[3],
                                 const Real *       lambda,
                                 Real               a,
                                 Real               b,
                                 const VectorView & out)
{
  const Extents & e = m.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = indexOf(e, i, j, k);
        for (int axis = 0; axis < 3; ++axis)
        {
          const double slope = inverseSpacing[axis] * eighthOrder(pointOf(m, i, j, k), strideOf(m, axis));
          out[axis][n] = static_cast<Real>(update(a, double(lambda[n]) * slope, b, out[axis][n]));
        }
      }
    }
  }
}

void
ReferenceKernels::derivative(const Padded & f, int axis, double inverseSpacing, Real a, Real b, Real * out)
{
  const Extents & e = f.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = indexOf(e, i, j, k);
        const double      slope = inverseSpacing * eighthOrder(pointOf(f, i, j, k), strideOf(f, axis));
        out[n] = static_cast<Real>(update(a, slope, b, out[n]));
      }
    }
  }
}

void
ReferenceKernels::jacobianDeterminant(const Padded u[3], const double inverseSpacing[3], Real * out)
{
  const Extents & e = u[0].interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        double jacobian[3][3];
        for (int row = 0; row < 3; ++row)
        {
          for (int axis = 0; axis < 3; ++axis)
          {
            const Real *         p = pointOf(u[row], i, j, k);
            const std::ptrdiff_t s = strideOf(u[row], axis);
            const double         slope = 0.5 * inverseSpacing[axis] * (double(p[s]) - double(p[-s]));
            jacobian[row][axis] = (row == axis ? 1.0 : 0.0) + slope;
          }
        }
        // rule of Sarrus [M3]
        double determinant = 0.0;
        for (int c = 0; c < 3; ++c)
        {
          determinant += jacobian[0][c] * jacobian[1][(c + 1) % 3] * jacobian[2][(c + 2) % 3];
          determinant -= jacobian[0][c] * jacobian[1][(c + 2) % 3] * jacobian[2][(c + 1) % 3];
        }
        out[indexOf(e, i, j, k)] = static_cast<Real>(determinant);
      }
    }
  }
}

void
ReferenceKernels::squaredGradient(const Padded & f, const double inverseSpacing[3], Real b, Real * out)
{
  const Extents & e = f.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const Real * const p = pointOf(f, i, j, k);
        double             squared = 0.0;
        for (int axis = 0; axis < 3; ++axis)
        {
          const std::ptrdiff_t stride = strideOf(f, axis);
          const double         forward = inverseSpacing[axis] * (double(p[stride]) - double(p[0]));
          const double         backward = inverseSpacing[axis] * (double(p[0]) - double(p[-stride]));
          squared += 0.5 * (forward * forward + backward * backward);
        }
        const std::size_t n = indexOf(e, i, j, k);
        out[n] = static_cast<Real>(update(Real(1), squared, b, out[n]));
      }
    }
  }
}

void
ReferenceKernels::weightedLaplacian(const Padded & f,
                                    const Padded & weight,
                                    const double   inverseSpacing[3],
                                    Real           a,
                                    Real           b,
                                    Real *         out)
{
  const Extents & e = f.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const Real * const p = pointOf(f, i, j, k);
        const Real * const w = pointOf(weight, i, j, k);
        double             sum = 0.0;
        for (int axis = 0; axis < 3; ++axis)
        {
          for (const int side : { -1, 1 })
          {
            const double face = double(w[0]) + double(w[side * strideOf(weight, axis)]);
            sum +=
              inverseSpacing[axis] * inverseSpacing[axis] * face * (double(p[0]) - double(p[side * strideOf(f, axis)]));
          }
        }
        const std::size_t n = indexOf(e, i, j, k);
        out[n] = static_cast<Real>(update(a, sum, b, out[n]));
      }
    }
  }
}

void
ReferenceKernels::addGradientDyad(const Padded &              m,
                                  const double                inverseSpacing[3],
                                  const Real *                weight,
                                  Real                        a,
                                  Real                        b,
                                  const SymmetricTensorView & t)
{
  const Extents & e = m.interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = indexOf(e, i, j, k);
        const double      w = weight == nullptr ? 1.0 : double(weight[n]);
        double            slope[3];
        for (int axis = 0; axis < 3; ++axis)
        {
          slope[axis] = inverseSpacing[axis] * eighthOrder(pointOf(m, i, j, k), strideOf(m, axis));
        }
        int component = 0;
        for (int row = 0; row < 3; ++row)
        {
          for (int column = row; column < 3; ++column, ++component)
          {
            t[component][n] = static_cast<Real>(update(a, w * slope[row] * slope[column], b, t[component][n]));
          }
        }
      }
    }
  }
}

namespace
{

/** d(departure point)/dx, physical, of departure points that are displaced by d voxels. */
void
departureJacobian(const Padded d[3], const double spacing[3], int i, int j, int k, double jacobian[3][3])
{
  for (int row = 0; row < 3; ++row)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      const double slope = spacing[row] * eighthOrder(pointOf(d[row], i, j, k), strideOf(d[row], axis)) / spacing[axis];
      jacobian[row][axis] = (row == axis ? 1.0 : 0.0) + slope;
    }
  }
}

/** Solves matrix x = right by elimination with the largest pivot of each column; the result replaces `right`. Returns
 * the determinant. */
double
eliminate(double matrix[3][3], double right[3])
{
  double determinant = 1.0;
  for (int column = 0; column < 3; ++column)
  {
    int pivot = column;
    for (int row = column + 1; row < 3; ++row)
    {
      pivot = std::abs(matrix[row][column]) > std::abs(matrix[pivot][column]) ? row : pivot;
    }
    if (pivot != column)
    {
      std::swap(matrix[pivot], matrix[column]);
      std::swap(right[pivot], right[column]);
      determinant = -determinant;
    }
    determinant *= matrix[column][column];
    for (int row = 0; row < 3; ++row)
    {
      if (row != column)
      {
        const double factor = matrix[row][column] / matrix[column][column];
        for (int c = column; c < 3; ++c)
        {
          matrix[row][c] -= factor * matrix[column][c];
        }
        right[row] -= factor * right[column];
      }
    }
  }
  for (int row = 0; row < 3; ++row)
  {
    right[row] /= matrix[row][row];
  }
  return determinant;
}

} // namespace

void
ReferenceKernels::pushForward(const Padded d[3], const double spacing[3], const VectorView & z)
{
  const Extents & e = d[0].interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = indexOf(e, i, j, k);
        double            jacobian[3][3], vector[3] = { z[0][n], z[1][n], z[2][n] };
        departureJacobian(d, spacing, i, j, k, jacobian);
        eliminate(jacobian, vector);
        for (int c = 0; c < 3; ++c)
        {
          z[c][n] = static_cast<Real>(vector[c]);
        }
      }
    }
  }
}

void
ReferenceKernels::pullBackAdjoint(const Padded d[3], const double spacing[3], const VectorView & z)
{
  const Extents & e = d[0].interior;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i)
      {
        const std::size_t n = indexOf(e, i, j, k);
        double            jacobian[3][3], product[3] = { 0.0, 0.0, 0.0 }, unused[3] = { 0.0, 0.0, 0.0 };
        departureJacobian(d, spacing, i, j, k, jacobian);
        for (int row = 0; row < 3; ++row)
        {
          for (int c = 0; c < 3; ++c)
          {
            product[c] += jacobian[row][c] * double(z[row][n]);
          }
        }
        const double determinant = eliminate(jacobian, unused);
        for (int c = 0; c < 3; ++c)
        {
          z[c][n] = static_cast<Real>(determinant * product[c]);
        }
      }
    }
  }
}

} // namespace gnr
