/*
 * killer: sends SIGKILL to the newest process of each service in turn and leaves the new one time to live.
 *
 *   killer EVENTS NAME-PREFIX SERVICES COUNT PAUSE-MS
 *
 * Reads the events file of the payload ("NAME start NANOSECONDS PID"), kills NAME-PREFIX0, NAME-PREFIX1, ... COUNT
 * times in all, PAUSE-MS apart, and prints "NAME NANOSECONDS" taken just before each kill(2). It sleeps between the
 * kills and looks at nothing meanwhile: the restart has the processors for itself.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pid_t newest_pid(const char *events, const char *name) {
  FILE *file = fopen(events, "re");
  if (file == NULL) return -1;
  char found[128];
  long long nsec;
  int pid, newest = -1;
  while (fscanf(file, "%127s start %lld %d", found, &nsec, &pid) == 3)
    if (strcmp(found, name) == 0) newest = pid;
  fclose(file);
  return newest;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  int services = atoi(argv[3]), count = atoi(argv[4]), pause_ms = atoi(argv[5]);
  for (int i = 0; i < count; i++) {
    char name[128];
    snprintf(name, sizeof name, "%s%d", argv[2], i % services);
    pid_t pid = newest_pid(argv[1], name);
    if (pid <= 1) return 1;
    usleep(10000); /* reading the file warmed this processor's caches, not the manager's: let things settle */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (kill(pid, SIGKILL) < 0) return 1;
    printf("%s %lld\n", name, (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
    usleep((useconds_t)pause_ms * 1000);
  }
  return 0;
}
