#pragma once

#include <spawn.h>

/// Makes a pipe whose ends no other program inherits; 0, or -1 with errno.
int spawn_pipe(int ends[2]);

/// Adds the change to a folder; 0, or the error's number.
int spawn_change_folder(posix_spawn_file_actions_t *actions, const char *folder);

/// Adds the closing of all descriptors from `first` on; 0, or the error's number.
int spawn_close_from(posix_spawn_file_actions_t *actions, int first);
