#include "start-keeper/contained.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Inode of the first PID namespace (linux/proc_ns.h, PROC_PID_INIT_INO). */
#define INITIAL_PID_NAMESPACE "pid:[4026531836]"

bool is_contained(void) {
  const char *container = getenv("container");
  if (container != NULL && *container != '\0') return true;
  /* stage0 says so to the manager of a machine. */
  if (getenv("HEARTWOOD_RESCUE") != NULL) return false;
  if (access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0) return true;
  char name[64];
  ssize_t length = readlink("/proc/self/ns/pid", name, sizeof name - 1);
  /* Without /proc it is early in the life of a machine. */
  if (length < 0) return false;
  name[length] = '\0';
  return strcmp(name, INITIAL_PID_NAMESPACE) != 0;
}
