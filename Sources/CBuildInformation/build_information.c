#include "build_information.h"

#ifndef WATTLINE_COMMIT
#define WATTLINE_COMMIT "unknown"
#endif

const char *build_commit(void) { return WATTLINE_COMMIT; }

int build_is_optimised(void) {
#ifdef __OPTIMIZE__
  return 1;
#else
  return 0;
#endif
}
