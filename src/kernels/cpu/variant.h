// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cpu_variant_h
#define gnr_kernels_cpu_variant_h

// This folder is compiled once per instruction set; GNR_CPU_VARIANT names the copy.
#ifndef GNR_CPU_VARIANT
#  define GNR_CPU_VARIANT baseline
#endif
#define GNR_CPU_JOIN2(a, b) a##b
#define GNR_CPU_JOIN(a, b) GNR_CPU_JOIN2(a, b)
#define GNR_CPU_NAMESPACE GNR_CPU_JOIN(cpu_, GNR_CPU_VARIANT)

#endif
