/*
 * svc, svstat and svok speak with whoever supervises a service directory, through four files in its `supervise`:
 *
 *   control   FIFO: one byte is one command
 *   ok        FIFO: somebody reads it while the directory is supervised
 *   status    18 bytes: since when (TAI64N, 12 bytes), process id (4, little-endian), paused, wanted (`u`, `d` or 0)
 *   lock      held by the supervisor
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemontools/tai64n.h"
#include "daemontools/tool.h"

enum { EXIT_NOT_SUPERVISED = 100 };
enum { STATUS_BYTES = 18, STATUS_PID = 12, STATUS_PAUSED = 16, STATUS_WANTED = 17 };
/* Each command letter is the byte that is sent. */
#define COMMANDS "udoxpchaitk"
/* Every letter can be given many times; nobody means more than this. */
enum { COMMAND_BYTES_MAX = 256 };

/* A FIFO is opened without waiting for a reader: without one ENXIO says that nobody supervises. */
static int open_for_writing(const char *file) {
  return open(file, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

int run_svc(int argc, char **argv) {
  char commands[COMMAND_BYTES_MAX];
  size_t count = 0;
  for (int option; (option = next_option(argc, argv, COMMANDS)) != -1;) {
    if (count < sizeof commands) commands[count++] = (char)option;
  }
  int start = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (start < 0) die_of_error("unable to open current directory: ", NULL);
  for (char **name = argv + optind; *name != NULL; name++) {
    if (chdir(*name) != 0) {
      warn(errno, "unable to chdir to ", *name, ": ", NULL);
      continue;
    }
    int control = open_for_writing("supervise/control");
    if (control < 0) {
      if (errno == ENXIO) warn(0, "unable to control ", *name, ": supervise not running", NULL);
      else warn(errno, "unable to control ", *name, ": ", NULL);
    } else {
      /* One write of few bytes into a FIFO is never mixed with another's. */
      if (write(control, commands, count) != (ssize_t)count) warn(errno, "unable to write to ", *name, "/supervise/control: ", NULL);
      close(control);
    }
    if (fchdir(start) != 0) die_of_error("unable to set directory: ", NULL);
  }
  return 0;
}

int run_svok(int argc, char **argv) {
  if (argc < 2) die_of_usage();
  if (chdir(argv[1]) != 0) die_of_error("unable to chdir to ", argv[1], ": ", NULL);
  int ok = open_for_writing("supervise/ok");
  if (ok >= 0) return 0;
  if (errno == ENOENT || errno == ENXIO) return EXIT_NOT_SUPERVISED;
  die_of_error("unable to open ", argv[1], "/supervise/ok: ", NULL);
}

static uint64_t big_endian(const unsigned char *bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
  return value;
}

/* Prints what is known of the service in the current directory. */
static void print_status(void) {
  struct stat down;
  bool normally_up = false;
  if (stat("down", &down) != 0) {
    if (errno != ENOENT) {
      printf("unable to stat down: %s", error_text(errno));
      return;
    }
    normally_up = true;
  }
  int ok = open_for_writing("supervise/ok");
  if (ok < 0) {
    if (errno == ENXIO) printf("supervise not running");
    else printf("unable to open supervise/ok: %s", error_text(errno));
    return;
  }
  close(ok);
  unsigned char status[STATUS_BYTES];
  int fd = open("supervise/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    printf("unable to open supervise/status: %s", error_text(errno));
    return;
  }
  ssize_t got = read(fd, status, sizeof status);
  int error = got < 0 ? errno : EPROTO;
  close(fd);
  if (got < (ssize_t)sizeof status) {
    printf("unable to read supervise/status: %s", error_text(error));
    return;
  }
  uint32_t pid = 0;
  for (int i = 3; i >= 0; i--) pid = pid << 8 | status[STATUS_PID + i];
  uint64_t since = big_endian(status);
  uint64_t now = (uint64_t)time(NULL) + TAI64N_EPOCH_SECONDS;
  unsigned long long seconds = now > since ? now - since : 0;
  if (pid != 0) printf("up (pid %u) %llu seconds", pid, seconds);
  else printf("down %llu seconds", seconds);
  if (pid != 0 && !normally_up) printf(", normally down");
  if (pid == 0 && normally_up) printf(", normally up");
  if (pid != 0 && status[STATUS_PAUSED] != 0) printf(", paused");
  if (pid == 0 && status[STATUS_WANTED] == 'u') printf(", want up");
  if (pid != 0 && status[STATUS_WANTED] == 'd') printf(", want down");
}

int run_svstat(int argc, char **argv) {
  (void)argc;
  int start = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (start < 0) die_of_error("unable to open current directory: ", NULL);
  for (char **name = argv + 1; *name != NULL; name++) {
    printf("%s: ", *name);
    if (chdir(*name) != 0) {
      printf("unable to chdir: %s\n", error_text(errno));
      continue;
    }
    print_status();
    putchar('\n');
    if (fchdir(start) != 0) die_of_error("unable to set directory: ", NULL);
  }
  return 0;
}
