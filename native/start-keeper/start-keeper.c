/*
 * start-keeper: what must not be lost between the execution of Node and the moment when the manager looks after itself: signals that
 * wait (signals.c), and the process itself (deaths.c).
 *
 * Only the launcher preloads it, and only where there is something to keep.
 */
#include <stdlib.h>
#include <string.h>

#include "start-keeper/deaths.h"
#include "start-keeper/signals.h"

/* glibc hands them to every constructor, as to main. */
__attribute__((constructor)) static void keep(int argc, char **argv, char **envp) {
  (void)envp;
  /* Nothing that this program starts is to have it; what somebody else wants preloaded stands behind it. */
  const char *others = getenv("LD_PRELOAD");
  others = others == NULL ? NULL : strchr(others, ':');
  if (others == NULL) unsetenv("LD_PRELOAD");
  else setenv("LD_PRELOAD", others + 1, 1);
  keep_signals();
  keep_alive(argc, argv);
}
