/*
 * stopwatch: how long a command takes as a whole, from before vfork(2) to after its exit was seen.
 *
 *   stopwatch COUNT PAUSE-MS -- PROGRAM ARG...
 *
 * Prints COUNT lines "BEFORE AFTER STATUS" (nanoseconds of CLOCK_MONOTONIC, exit status). The command's output
 * goes to /dev/null. Runs once unmeasured first, so that page faults of the first execution count for nobody.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long clock_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 5 || strcmp(argv[3], "--") != 0) return 2;
  int count = atoi(argv[1]), pause_ms = atoi(argv[2]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  for (int i = -1; i < count; i++) {
    usleep((useconds_t)pause_ms * 1000);
    pid_t pid;
    int status;
    long long before = clock_nsec();
    if (posix_spawn(&pid, argv[4], &actions, NULL, argv + 4, environ) != 0) return 127;
    if (waitpid(pid, &status, 0) != pid) return 1;
    long long after = clock_nsec();
    if (i >= 0) printf("%lld %lld %d\n", before, after, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
  }
  return 0;
}
