// Counts what is taken from the heap, for benchmarks: an executable that links this has its own malloc, which counts
// and passes on to the C library's. Two additions in thread-local memory are all that it adds.

#include "allocation_count.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

static _Thread_local unsigned long count;
static _Thread_local long live;

unsigned long allocation_count(void) { return count; }

long allocation_live_bytes(void) { return live; }

unsigned long heap_bytes(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Sanitizers bring a malloc of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

// A block costs the C library one word more than can be used of it.
static long cost(void *block) { return block ? (long)(malloc_usable_size(block) + sizeof(size_t)) : 0; }

static void *taken(void *block) {
  count++;
  live += cost(block);
  return block;
}

void *malloc(size_t size) { return taken(__libc_malloc(size)); }

void *calloc(size_t number, size_t size) { return taken(__libc_calloc(number, size)); }

void *realloc(void *block, size_t size) {
  long before = cost(block);
  void *found = __libc_realloc(block, size);
  if (found || size == 0) live -= before;
  return taken(found);
}

void *aligned_alloc(size_t alignment, size_t size) { return taken(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void *found = taken(__libc_memalign(alignment, size));
  if (!found) return ENOMEM;
  *block = found;
  return 0;
}

void free(void *block) {
  live -= cost(block);
  __libc_free(block);
}

#endif
