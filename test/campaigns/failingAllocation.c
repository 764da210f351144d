/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: allocations of at least GNR_ALLOCATION_BYTES (1) fail from number GNR_ALLOCATION (from 1) on, as on a
 * system whose memory is used up; with GNR_ALLOCATION_ONCE only that one. The number of all is written at the end to the
 * file GNR_ALLOCATION_COUNT. The program's own calls count, from the beginning of main on: what the loader and the
 * initialisers of libraries do before is none of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void * __libc_malloc(size_t);
extern void * __libc_calloc(size_t, size_t);
extern void * __libc_realloc(void *, size_t);
extern void * __libc_memalign(size_t, size_t);

static atomic_long count;
static long        first = -1, least = 1;
static int         isActive, isOnce;

static int
fails(size_t bytes)
{
  long number;
  if (!isActive || (long)bytes < least)
  {
    return 0;
  }
  number = atomic_fetch_add(&count, 1) + 1;
  if (first > 0 && (isOnce ? number == first : number >= first))
  {
    errno = ENOMEM;
    return 1;
  }
  return 0;
}

void *
malloc(size_t bytes)
{
  return fails(bytes) ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t n, size_t bytes)
{
  return fails(n * bytes) ? NULL : __libc_calloc(n, bytes);
}

void *
realloc(void * old, size_t bytes)
{
  return fails(bytes) ? NULL : __libc_realloc(old, bytes);
}

void *
memalign(size_t alignment, size_t bytes)
{
  return fails(bytes) ? NULL : __libc_memalign(alignment, bytes);
}

void *
aligned_alloc(size_t alignment, size_t bytes)
{
  return memalign(alignment, bytes);
}

int
posix_memalign(void ** out, size_t alignment, size_t bytes)
{
  void * const got = memalign(alignment, bytes);
  if (got == NULL)
  {
    return ENOMEM;
  }
  *out = got;
  return 0;
}

static void
tell(void)
{
  const char * const path = getenv("GNR_ALLOCATION_COUNT");
  isActive = 0;
  if (path)
  {
    FILE * const file = fopen(path, "w");
    if (file)
    {
      fprintf(file, "%ld\n", atomic_load(&count));
      fclose(file);
    }
  }
}

typedef int (*Main)(int, char **, char **);
static Main realMain;

static int
countedMain(int argc, char ** argv, char ** environment)
{
  const char * const number = getenv("GNR_ALLOCATION");
  const char * const bytes = getenv("GNR_ALLOCATION_BYTES");
  int                code;
  first = number ? atol(number) : -1;
  least = bytes ? atol(bytes) : 1;
  isOnce = getenv("GNR_ALLOCATION_ONCE") != NULL;
  /* The programs start themselves once more at first (LetThreadsSleep). */
  isActive = getenv("OMP_WAIT_POLICY") != NULL;
  code = realMain(argc, argv, environment);
  tell();
  return code;
}

int
__libc_start_main(Main program, int argc, char ** argv, void (*init)(void), void (*fini)(void), void (*end)(void), void * stack)
{
  typedef int (*Start)(Main, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
  const Start start = (Start)dlsym(RTLD_NEXT, "__libc_start_main");
  realMain = program;
  return start(countedMain, argc, argv, init, fini, end, stack);
}
