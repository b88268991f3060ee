#pragma once

/// Commit from which the program was built, with a `+` after it if files were changed; `unknown` outside of a repository.
const char *build_commit(void);

/// Whether the build is optimised.
int build_is_optimised(void);
