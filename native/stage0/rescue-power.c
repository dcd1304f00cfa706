#include "stage0/rescue-power.h"

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

/* To the children of a process that is not process 1; what they leave behind becomes ours, because a manager is a subreaper. */
static bool signal_children(int signal_number) {
  FILE *list = fopen("/proc/thread-self/children", "re");
  if (list == NULL) return false;
  bool any = false;
  long pid;
  while (fscanf(list, "%ld", &pid) == 1) any |= kill((pid_t)pid, signal_number) == 0;
  fclose(list);
  return any;
}

/* Returns whether anybody was there to get it; 0 sends nothing. */
static bool signal_all(int signal_number) {
  return getpid() == 1 ? kill(-1, signal_number) == 0 : signal_children(signal_number);
}

static void pause_once(void) {
  const struct timespec pause = { .tv_nsec = LOOK_MSEC * 1000000L };
  nanosleep(&pause, NULL);
}

static bool wait_for_none(int patience_msec) {
  for (int waited = 0; waited < patience_msec; waited += LOOK_MSEC) {
    rescue_reap();
    if (!signal_all(0)) return true;
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
  if (wait_for_none(STOP_PATIENCE_MSEC)) return;
  rescue_say("some do not stop, and are killed");
  for (int round = 0; round < KILL_PATIENCE_MSEC / 100; round++) {
    signal_all(SIGKILL);
    if (wait_for_none(100)) return;
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
