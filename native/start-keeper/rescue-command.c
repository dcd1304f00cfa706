#include "start-keeper/rescue-command.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "addon/checkpoint-places.h"
#include "start-keeper/contained.h"

static char path[PATH_MAX];
static char launcher[PATH_MAX];
static char control[12] = "-1";
static char **words;
enum { REASON_WORD = 2, WORDS_BEFORE_MANAGER = 7 };

static const char *checkpoint(void) {
  const char *given = getenv("HEARTWOOD_CHECKPOINT");
  return given != NULL && *given != '\0' ? given : NULL;
}

bool must_not_end(void) {
  if (checkpoint() != NULL) return true;
  return getpid() == 1 && !is_contained();
}

/* The listening socket that clients of the former engine know; "-1" when there is none. */
static void find_control(void) {
  int32_t fd = 0;
  if (checkpoint() == NULL || pread(atoi(checkpoint()), &fd, sizeof fd, CHECKPOINT_CONTROL_FD_OFFSET) != (ssize_t)sizeof fd || fd <= 0) return;
  snprintf(control, sizeof control, "%d", (int)fd);
}

bool rescue_prepare(const char *directory, int argc, char **argv) {
  const char *chosen = getenv("HEARTWOOD_RESCUE");
  if (chosen != NULL && *chosen != '\0') snprintf(path, sizeof path, "%s", chosen);
  else if (snprintf(path, sizeof path, "%s/stage0", directory) >= (int)sizeof path) return false;
  if (snprintf(launcher, sizeof launcher, "%s/launcher", directory) >= (int)sizeof launcher) return false;
  words = calloc((size_t)argc + WORDS_BEFORE_MANAGER + 1, sizeof *words);
  if (words == NULL || access(path, X_OK) != 0) return false;
  find_control();
  static char rescue[] = "--rescue", control_option[] = "--control", separator[] = "--", nothing[] = "";
  char *before[WORDS_BEFORE_MANAGER] = { path, rescue, nothing, control_option, control, separator, launcher };
  memcpy(words, before, sizeof before);
  for (int i = 0; i < argc; i++) words[WORDS_BEFORE_MANAGER + i] = argv[i];
  return true;
}

void rescue_execute(char *reason, char **environment) {
  if (words == NULL) return;
  words[REASON_WORD] = reason;
  execve(path, words, environment);
}

_Noreturn void stay_or_end(int status) {
  if (getpid() != 1) _exit(status);
  static const char text[] = "heartwood: neither the manager nor the rescue program can be executed; processes are only reaped from now on\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) { /* Nobody to tell. */ }
  for (;;) {
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
    const struct timespec pause = { .tv_sec = 1 };
    nanosleep(&pause, NULL);
  }
}
