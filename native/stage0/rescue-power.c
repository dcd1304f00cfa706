#include "stage0/rescue-power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "start-keeper/contained.h"

enum {
  /* A runtime that stops a container kills it after ten seconds: what is left then is killed before that. */
  STOP_PATIENCE_MSEC = 8000,
  /* A killed process is gone in milliseconds, unless it hangs in the kernel; then nobody can wait for it. */
  KILL_PATIENCE_MSEC = 2000,
  LOOK_MSEC = 10,
};

void rescue_say(const char *text) {
  char line[1024];
  int length = snprintf(line, sizeof line, "heartwood rescue: %s\n", text);
  if (length >= (int)sizeof line) length = (int)sizeof line - 1;
  if (write(STDERR_FILENO, line, (size_t)length) < 0) return;
  if (rescue_is_contained()) return;
  int kernel_log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (kernel_log < 0) return;
  if (write(kernel_log, line, (size_t)length) < 0) { /* it was said on the console */ }
  close(kernel_log);
}

bool rescue_is_contained(void) {
  return getpid() != 1 || is_contained();
}

void rescue_reap(void) {
  while (waitpid(-1, NULL, WNOHANG) > 0) {}
}

static size_t read_process_file(long pid, const char *name, char *into, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t count = read(fd, into, size - 1);
  close(fd);
  if (count < 0) count = 0;
  into[count] = '\0';
  return (size_t)count;
}

/* Threads of the kernel get every signal sent to all, and never end; a zombie has ended, and only its parent can do something about it. */
static bool is_alive(long pid) {
  enum { KERNEL_THREAD = 0x00200000 };
  char stat[512];
  if (read_process_file(pid, "stat", stat, sizeof stat) == 0) return false;
  const char *rest = strrchr(stat, ')');
  char state;
  unsigned long flags;
  if (rest == NULL || sscanf(rest, ") %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2) return false;
  return state != 'Z' && state != 'X' && (flags & KERNEL_THREAD) == 0;
}

/* It ignores SIGTERM, for services have last words, and ends by itself when our end of its connection is closed. */
static bool is_log_process(long pid) {
  char words[4096];
  size_t length = read_process_file(pid, "cmdline", words, sizeof words);
  /* Options of Node stand before the script. */
  const char *word = words;
  do word += strlen(word) + 1; while (word < words + length && *word == '-');
  const char *name = word < words + length ? strrchr(word, '/') : NULL;
  return name != NULL && strcmp(name, "/logd.js") == 0;
}

/* Those that are signalled: everybody but ourselves, else our children; what they leave behind becomes ours, because a manager is a subreaper. */
static bool any_left(bool log_process_too) {
  bool any = false;
  if (getpid() != 1) {
    FILE *list = fopen("/proc/thread-self/children", "re");
    long pid;
    while (list != NULL && !any && fscanf(list, "%ld", &pid) == 1) any = is_alive(pid) && (log_process_too || !is_log_process(pid));
    if (list != NULL) fclose(list);
    return any;
  }
  DIR *all = opendir("/proc");
  /* Without /proc, whoever would get a signal counts. */
  if (all == NULL) return kill(-1, 0) == 0;
  for (struct dirent *entry; !any && (entry = readdir(all)) != NULL;) {
    long pid = strtol(entry->d_name, NULL, 10);
    any = pid > 1 && is_alive(pid) && (log_process_too || !is_log_process(pid));
  }
  closedir(all);
  return any;
}

static void signal_children(int signal_number) {
  FILE *list = fopen("/proc/thread-self/children", "re");
  if (list == NULL) return;
  long pid;
  while (fscanf(list, "%ld", &pid) == 1) kill((pid_t)pid, signal_number);
  fclose(list);
}

static void signal_all(int signal_number) {
  if (getpid() == 1) kill(-1, signal_number);
  else signal_children(signal_number);
}

static void pause_once(void) {
  const struct timespec pause = { .tv_nsec = LOOK_MSEC * 1000000L };
  nanosleep(&pause, NULL);
}

static bool wait_for_none(int patience_msec, bool log_process_too) {
  for (int waited = 0; waited < patience_msec; waited += LOOK_MSEC) {
    rescue_reap();
    if (!any_left(log_process_too)) return true;
    pause_once();
  }
  return false;
}

/* `for_good`: nothing is to be started afterwards. */
static void stop_all(bool for_good) {
  rescue_say("stopping all services");
  signal_all(SIGTERM);
  /* A stopped process does not hear of its end. */
  signal_all(SIGCONT);
  /* The log process ends when the manager's end of its connection is closed; until then it stores what services have still to say. */
  if (for_good) syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U);
  if (wait_for_none(STOP_PATIENCE_MSEC, for_good)) return;
  rescue_say("some do not stop, and are killed");
  for (int round = 0; round < KILL_PATIENCE_MSEC / 100; round++) {
    signal_all(SIGKILL);
    if (wait_for_none(100, true)) return;
  }
  rescue_say("some cannot be killed");
}

void rescue_stop_all(void) { stop_all(false); }

_Noreturn void rescue_end(enum goal goal) {
  stop_all(true);
  /*
   * The disks are written, not made read-only: from here it cannot be told whether a file system is the machine's own or lent to a
   * container, and with nobody left to write it is whole.
   */
  sync();
  if (goal == GOAL_EXIT && rescue_is_contained()) _exit(EXIT_FAILURE);
  if (getpid() == 1) reboot(goal == GOAL_REBOOT ? RB_AUTOBOOT : goal == GOAL_HALT ? RB_HALT_SYSTEM : RB_POWER_OFF);
  int reason = errno;
  /* A container has nothing to switch off: its end is what was meant. The end of process 1 of a machine would be a panic. */
  if (rescue_is_contained()) _exit(EXIT_FAILURE);
  char line[128];
  snprintf(line, sizeof line, "reboot(2) is refused: %s; the machine can be switched off", strerror(reason));
  rescue_say(line);
  for (;;) {
    rescue_reap();
    pause_once();
  }
}
