#include "stage0/rescue.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "stage0/rescue-control.h"
#include "stage0/rescue-power.h"

/* As systemd(1) knows them, counted from SIGRTMIN. */
enum { RT_HALT = 3, RT_POWEROFF = 4, RT_REBOOT = 5, RT_KEXEC = 6 };

static const char *reason = "";
/* How the manager is started again; path NULL when nobody told. */
static const char *engine_path;
static char **engine_argv;
/* The shell of the console; 0 = none. */
static pid_t shell;
static bool has_console;

static void read_words(char **words) {
  reason = words[0];
  int listener = -1;
  for (words++; *words != NULL; words++) {
    if (strcmp(*words, "--control") == 0 && words[1] != NULL) {
      listener = atoi(*++words);
    } else if (strcmp(*words, "--") == 0 && words[1] != NULL && words[2] != NULL) {
      engine_path = words[1];
      engine_argv = words + 2;
      break;
    }
  }
  control_open(listener, reason);
}

static void help(void) {
  rescue_say("start     the manager, which takes over what runs");
  rescue_say("fresh     stop everything, then start the manager as at a boot");
  rescue_say("stop      stop all services");
  rescue_say("shell     a shell on this console");
  rescue_say("poweroff, reboot, halt");
}

static void introduce(void) {
  char line[1024];
  snprintf(line, sizeof line, "the manager cannot go on: %s", reason);
  rescue_say(line);
  rescue_say("services run on, and are not restarted; what ends is reaped");
  if (engine_path != NULL) rescue_say("to start the manager again: initctl daemon-reexec, or SIGHUP to this process");
  rescue_say(rescue_is_contained() ? "SIGTERM stops everything and ends the container" : "Ctrl-Alt-Del stops everything and reboots");
  if (has_console) rescue_say("commands: start, fresh, stop, shell, poweroff, reboot, halt, help");
}

/* A manager that begins afresh knows nothing of what its predecessor kept open, and would take its own control socket for that of another. */
static void close_on_exec(void) {
  enum { OPEN_AND_CLOSE_ON_EXEC = 4, KEPT_FD_MAX = 32768 };
  if (syscall(SYS_close_range, 3U, ~0U, OPEN_AND_CLOSE_ON_EXEC) == 0) return;
  for (int fd = 3; fd < KEPT_FD_MAX; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Returns only when it could not be. */
static void start_engine(bool fresh) {
  if (engine_path == NULL) {
    rescue_say("nobody told how the manager is started");
    return;
  }
  if (fresh) {
    rescue_stop_all();
    unsetenv("HEARTWOOD_CHECKPOINT");
    close_on_exec();
  }
  rescue_say(fresh ? "starting the manager afresh" : "starting the manager again");
  execv(engine_path, engine_argv);
  char line[512];
  snprintf(line, sizeof line, "%s: %s", engine_path, strerror(errno));
  rescue_say(line);
}

/* On a machine whoever has the console has not yet said who he is; in a container he was let in by its owner. */
static void start_shell(void) {
  shell = fork();
  if (shell != 0) {
    if (shell < 0) {
      shell = 0;
      rescue_say("no process can be made");
    }
    return;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  ioctl(STDIN_FILENO, TIOCSCTTY, 1);
  if (!rescue_is_contained()) execl("/sbin/sulogin", "sulogin", (char *)NULL);
  execl("/bin/sh", "sh", "-l", (char *)NULL);
  rescue_say("there is no shell");
  _exit(EXIT_FAILURE);
}

static void reap(void) {
  pid_t pid;
  while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
    if (pid != shell) continue;
    shell = 0;
    introduce();
  }
}

static void fulfil(enum wish wish) {
  switch (wish) {
    case WISH_START: start_engine(false); break;
    case WISH_POWEROFF: rescue_end(GOAL_POWEROFF); break;
    case WISH_REBOOT: rescue_end(GOAL_REBOOT); break;
    case WISH_HALT: rescue_end(GOAL_HALT); break;
    case WISH_EXIT: rescue_end(rescue_is_contained() ? GOAL_EXIT : GOAL_POWEROFF); break;
    case WISH_NOTHING: break;
  }
}

static void on_console_line(char *line) {
  line[strcspn(line, " \t\r\n")] = '\0';
  if (strcmp(line, "start") == 0) start_engine(false);
  else if (strcmp(line, "fresh") == 0) start_engine(true);
  else if (strcmp(line, "stop") == 0) rescue_stop_all();
  else if (strcmp(line, "shell") == 0) start_shell();
  else if (strcmp(line, "poweroff") == 0) fulfil(WISH_POWEROFF);
  else if (strcmp(line, "reboot") == 0) fulfil(WISH_REBOOT);
  else if (strcmp(line, "halt") == 0) fulfil(WISH_HALT);
  else help();
}

static void on_signal(int number) {
  if (number == SIGCHLD) reap();
  else if (number == SIGHUP) start_engine(false);
  else if (number == SIGTERM) fulfil(rescue_is_contained() ? WISH_EXIT : WISH_START);
  else if (number == SIGINT) fulfil(rescue_is_contained() ? WISH_EXIT : WISH_REBOOT);
  else if (number == SIGPWR || number == SIGRTMIN + RT_POWEROFF) fulfil(WISH_POWEROFF);
  else if (number == SIGRTMIN + RT_REBOOT || number == SIGRTMIN + RT_KEXEC) fulfil(WISH_REBOOT);
  else if (number == SIGRTMIN + RT_HALT) fulfil(rescue_is_contained() ? WISH_EXIT : WISH_HALT);
}

static int watch_signals(void) {
  const int numbers[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT, SIGPWR, SIGRTMIN + RT_HALT, SIGRTMIN + RT_POWEROFF, SIGRTMIN + RT_REBOOT, SIGRTMIN + RT_KEXEC };
  sigset_t watched;
  sigemptyset(&watched);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaddset(&watched, numbers[i]);
  sigprocmask(SIG_BLOCK, &watched, NULL);
  return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void read_console(void) {
  char line[128];
  ssize_t count = read(STDIN_FILENO, line, sizeof line - 1);
  /* End of file or a hang-up: nobody is there any more. */
  if (count <= 0) {
    has_console = count < 0 && (errno == EINTR || errno == EAGAIN);
    return;
  }
  line[count] = '\0';
  on_console_line(line);
}

_Noreturn void rescue(char **words) {
  read_words(words);
  int signals = watch_signals();
  /* Ctrl-Alt-Del becomes SIGINT instead of rebooting at once, so that the disks are written. */
  if (!rescue_is_contained()) reboot(RB_DISABLE_CAD);
  has_console = isatty(STDIN_FILENO);
  introduce();
  for (;;) {
    /* Before each wait: who ended before signals were watched has sent none. */
    reap();
    struct pollfd polled[RESCUE_CLIENTS_MAX + 3] = { { .fd = signals, .events = POLLIN } };
    size_t control = control_polled(polled + 1);
    size_t count = control + 1;
    bool reads_console = has_console && shell == 0;
    if (reads_console) polled[count++] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
    if (poll(polled, count, -1) < 0) continue;
    struct signalfd_siginfo received;
    while (read(signals, &received, sizeof received) == (ssize_t)sizeof received) on_signal((int)received.ssi_signo);
    fulfil(control_serve(polled + 1, control));
    if (reads_console && polled[count - 1].revents != 0) read_console();
  }
}
