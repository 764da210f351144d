// SPDX-License-Identifier: Apache-2.0
// What each kernel of kernels.h costs. CountingKernels has an override for each row, so that a kernel without one does
// not compile. Included for the rows alone: no guard.
//
// For each value or point (of the last count or grid in the parameters): bytes to and from memory with every array
// counted once, reals of 4 bytes; those of them that are not moved where the factor of what `out` holds is zero;
// interpolated values; Fourier transforms of one component, there or back, of which planes are two thirds and columns
// one. An array that may be null and is saves its 4 bytes. pad() counts its halos along x and y; spectra are counted in
// complex numbers, two to a point.

// clang-format off
//       kernel            bytes  old  values  transforms
GNR_COST(copyFromHost,         2,   0,      0,    0)
GNR_COST(copyToHost,           2,   0,      0,    0)
GNR_COST(fromHost,             8,   0,      0,    0)
GNR_COST(toHost,               8,   0,      0,    0)

GNR_COST(fill,                 4,   0,      0,    0)
GNR_COST(copy,                 8,   0,      0,    0)
GNR_COST(axpby,               12,   4,      0,    0)
GNR_COST(combine,             12,   0,      0,    0)
GNR_COST(scaleAndShift,        8,   0,      0,    0)
GNR_COST(clamp,                8,   0,      0,    0)
GNR_COST(saturate,             8,   0,      0,    0)
GNR_COST(multiply,            12,   0,      0,    0)
GNR_COST(multiplyAdd,         16,   4,      0,    0)
GNR_COST(power,                8,   0,      0,    0)
GNR_COST(sum,                  4,   0,      0,    0)
GNR_COST(dot,                  8,   0,      0,    0)
GNR_COST(maximumAbsolute,      4,   0,      0,    0)
GNR_COST(descend,             24,   0,      0,    0)
GNR_COST(dotSum,              12,   0,      0,    0)
GNR_COST(krylovUpdate,        28,   0,      0,    0)
GNR_COST(krylovDirection,     24,   0,      0,    0)

GNR_COST(pad,                  8,   0,      0,    0)

GNR_COST(gradientDot,         24,   4,      0,    0)
GNR_COST(scaledGradient,      32,  12,      0,    0)
GNR_COST(derivative,          12,   4,      0,    0)
GNR_COST(jacobianDeterminant, 16,   0,      0,    0)
GNR_COST(squaredGradient,     12,   4,      0,    0)
GNR_COST(weightedLaplacian,   16,   4,      0,    0)
GNR_COST(addGradientDyad,     56,  24,      0,    0)
GNR_COST(pushForward,         36,   0,      0,    0)
GNR_COST(pullBackAdjoint,     36,   0,      0,    0)

GNR_COST(convolvePlanes,       8,   0,      0,    0)
GNR_COST(convolveAcross,       8,   0,      0,    0)

GNR_COST(interpolate,         24,   0,      1,    0)
GNR_COST(interpolateVector,   36,   0,      3,    0)

// per point, with its 64 neighbours
GNR_COST(sampleAtPoints,     816,   0,      3,    0)
GNR_COST(addAtPoints,       1584,   0,      0,    0)

GNR_COST(growth,              12,   0,      0,    0)

GNR_COST(squaredDistance,     12,   0,      0,    0)
GNR_COST(weightedDifference,  16,   0,      0,    0)
GNR_COST(gradientDyad,        40,   0,      0,    0)
GNR_COST(tensorProduct,       60,  12,      0,    0)
GNR_COST(stiffen,              8,   0,      0,    0)
GNR_COST(normalizedMean,      16,   0,      0,    0)
GNR_COST(replaceUnweighted,   16,   0,      0,    0)

GNR_COST(localCorrelation,    24,   0,      0,    0)
GNR_COST(localCorrelationDerivatives, 36, 0, 0,   0)
GNR_COST(correlationForce,    28,   0,      0,    0)

GNR_COST(shiftedSquaredDifference, 8, 0,    0,    0)
GNR_COST(selfSimilarity,     100,   0,      0,    0)
GNR_COST(toBytes,              5,   0,      0,    0)
GNR_COST(fromBytes,            5,   0,      0,    0)
GNR_COST(jointHistogram,      12,   0,      0,    0)
GNR_COST(lookUp,              12,   0,      0,    0)

GNR_COST(forwardPlanes,        8,   0,      0,  2. / 3)
GNR_COST(backwardPlanes,       8,   0,      0,  2. / 3)
GNR_COST(applySymbol,         16,   0,      0,  4. / 3)
GNR_COST(resampleSpectrum,     8,   0,      0,  2. / 3)
GNR_COST(copyBlocks,          16,   0,      0,    0)

GNR_COST(statistics,           4,   0,      0,    0)
GNR_COST(histogram,            4,   0,      0,    0)
GNR_COST(extendPeriodically,   8,   0,      0,    0)
GNR_COST(extendByConstant,     8,   0,      0,    0)
GNR_COST(crop,                 8,   0,      0,    0)
// clang-format on
