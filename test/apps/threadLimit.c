/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: no more than GNR_THREAD_LIMIT threads beside the first one at a time, as on a system that gives no more.
 * A limit of the system itself does not bind root. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef void * (*Routine)(void *);

struct Call
{
  Routine routine;
  void *  argument;
};

static atomic_int alive;

static void *
run(void * data)
{
  struct Call call = *(struct Call *)data;
  void *      result;
  free(data);
  result = call.routine(call.argument);
  atomic_fetch_sub(&alive, 1);
  return result;
}

int
pthread_create(pthread_t * thread, const pthread_attr_t * attributes, Routine routine, void * argument)
{
  typedef int (*Create)(pthread_t *, const pthread_attr_t *, Routine, void *);
  const Create       create = (Create)dlsym(RTLD_NEXT, "pthread_create");
  const char * const limit = getenv("GNR_THREAD_LIMIT");
  struct Call *      call = malloc(sizeof *call);
  int                error = EAGAIN;
  if (call && (!limit || atomic_fetch_add(&alive, 1) < atoi(limit)))
  {
    call->routine = routine;
    call->argument = argument;
    error = create(thread, attributes, run, call);
  }
  if (error != 0)
  {
    free(call);
    atomic_fetch_sub(&alive, 1);
  }
  return error;
}
