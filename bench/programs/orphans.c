/*
 * orphans: makes orphans as fast as it can and watches how PID 1 reaps them.
 *
 *   orphans COUNT
 *
 * The parent forks a middle process for each orphan; the middle forks the orphan and ends, the orphan ends too and
 * belongs to PID 1. A second process looks into /proc every SAMPLE_USEC and counts the zombies whose parent is PID 1.
 * Prints "FIRST LAST GONE MAX": nanoseconds of CLOCK_MONOTONIC before the first fork, after the last, when no zombie
 * was left, and the most zombies seen by one look. Gives up after a minute (GONE is 0 then).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_USEC = 2000 };
static const long long give_up_nsec = 60LL * 1000000000LL;

struct shared {
  volatile int all_forked;
};

static long long clock_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

/** Counts the zombies that are children of PID 1. */
static int count_zombies(void) {
  int zombies = 0;
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) continue;
    text[length] = '\0';
    const char *end = strrchr(text, ')');
    char state;
    int parent;
    if (end != NULL && sscanf(end + 1, " %c %d", &state, &parent) == 2 && state == 'Z' && parent == 1) zombies++;
  }
  closedir(proc);
  return zombies;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int count = atoi(argv[1]);
  struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int results[2];
  if (shared == MAP_FAILED || pipe(results) < 0) return 1;
  pid_t watcher = fork();
  if (watcher == 0) {
    long long result[2] = {0, 0};
    long long give_up = clock_nsec() + give_up_nsec;
    while (clock_nsec() < give_up) {
      int last_look = shared->all_forked;
      int zombies = count_zombies();
      if (zombies > result[1]) result[1] = zombies;
      if (last_look && zombies == 0) {
        result[0] = clock_nsec();
        break;
      }
      usleep(last_look ? 200 : SAMPLE_USEC);
    }
    return write(results[1], result, sizeof result) == sizeof result ? 0 : 1;
  }
  usleep(20000);
  long long first = clock_nsec();
  for (int i = 0; i < count; i++) {
    pid_t middle = vfork();
    if (middle == 0) {
      if (vfork() == 0) _exit(0);
      _exit(0);
    }
    if (middle < 0) return 1;
    waitpid(middle, NULL, 0);
  }
  long long last = clock_nsec();
  shared->all_forked = 1;
  long long result[2];
  if (read(results[0], result, sizeof result) != sizeof result) return 1;
  waitpid(watcher, NULL, 0);
  printf("%lld %lld %lld %lld\n", first, last, result[0], result[1]);
  return 0;
}
