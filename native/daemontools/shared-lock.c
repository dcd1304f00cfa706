/*
 * shared-lock: locks the file that standard input is, and ends. The lock belongs to the open file, so whoever opened it keeps it: the
 * way to flock(2) for a program in Node, which has no such call.
 */
#include "daemontools/tool.h"

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

int run_shared_lock(int argc, char **argv) {
  (void)argc;
  (void)argv;
  if (flock(STDIN_FILENO, LOCK_EX | LOCK_NB) == 0) return 0;
  return errno == EWOULDBLOCK ? EXIT_WRONG_USAGE : EXIT_TROUBLE;
}
