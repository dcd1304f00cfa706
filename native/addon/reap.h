// Children that end, as the other parts of the addon see them.
#pragma once

#include <sys/types.h>

namespace heartwood {

/// The end of this process is to be told: it is no stranger.
void expectExitOf(pid_t pid);

/// Reaps what has ended into the table that `reap` hands out. Returns whether there is somebody to tell of.
bool reapBeforehand();

}  // namespace heartwood
