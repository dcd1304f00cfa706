#include "executor/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sane-terminal.h"

/* A terminal that is being hung up answers EIO for a moment. */
enum { OPEN_TRIES = 20, OPEN_PAUSE_MSEC = 50 };
/* Closing is watched; the time is for a holder that dies without the kernel telling. */
enum { FREE_CHECK_MSEC = 1000 };

static const char *terminal_path(const struct exec_spec *spec) { return spec->tty_path != NULL ? spec->tty_path : "/dev/console"; }

static int open_patiently(const char *path) {
  int fd = -1;
  for (int attempt = 0; attempt < OPEN_TRIES; attempt++) {
    fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 || errno != EIO) break;
    nanosleep(&(struct timespec){ 0, OPEN_PAUSE_MSEC * 1000000L }, NULL);
  }
  return fd;
}

static void set_size(const struct exec_spec *spec, int fd) {
  struct winsize size = { 0 };
  ioctl(fd, TIOCGWINSZ, &size);
  if (spec->tty_rows.given) size.ws_row = (unsigned short)spec->tty_rows.value;
  if (spec->tty_columns.given) size.ws_col = (unsigned short)spec->tty_columns.value;
  if (ioctl(fd, TIOCSWINSZ, &size) < 0) note(spec->tty_rows.given ? "TTYRows" : "TTYColumns", errno, terminal_path(spec));
}

void prepare_terminal(const struct exec_spec *spec) {
  bool has_size = spec->tty_rows.given || spec->tty_columns.given;
  if (!spec->tty_hangup && !spec->tty_reset && !has_size) return;
  int fd = open_patiently(terminal_path(spec));
  /* A terminal that is not there fails later, where the stream that needs it is known. */
  if (fd < 0) return;
  if (spec->tty_hangup && ioctl(fd, TIOCVHANGUP) < 0 && errno == EPERM) note("TTYVHangup", errno, terminal_path(spec));
  if (spec->tty_reset) make_terminal_sane(fd);
  if (has_size) set_size(spec, fd);
  close(fd);
}

static void wait_until_closed(const char *path) {
  int watch = inotify_init1(IN_CLOEXEC);
  if (watch >= 0) inotify_add_watch(watch, path, IN_CLOSE);
  struct pollfd source = { watch, POLLIN, 0 };
  poll(&source, watch >= 0 ? 1 : 0, FREE_CHECK_MSEC);
  if (watch >= 0) close(watch);
}

static void take_control(int fd, const char *path, enum acquire how, enum stage stage) {
  /* The terminal may still be ours through a parent in the same session, and stealing it sends SIGHUP to its former holders. */
  struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction before;
  sigaction(SIGHUP, &ignore, &before);
  while (ioctl(fd, TIOCSCTTY, how == ACQUIRE_FORCE ? 1 : 0) < 0) {
    if (errno != EPERM || how != ACQUIRE_WAIT) fail(stage, errno, path);
    wait_until_closed(path);
  }
  sigaction(SIGHUP, &before, NULL);
}

int open_terminal(const struct exec_spec *spec, enum acquire how, enum stage stage) {
  const char *path = terminal_path(spec);
  int fd = open_patiently(path);
  if (fd < 0) fail(stage, errno, path);
  if (how != ACQUIRE_NOT) take_control(fd, path, how, stage);
  return fd;
}

void give_terminal(const struct exec_spec *spec, uid_t uid) {
  const char *kind = spec->streams[STDIN_FILENO].bytes;
  if (kind == NULL || strncmp(kind, "tty", 3) != 0) return;
  struct stat status;
  if (fstat(STDIN_FILENO, &status) < 0 || status.st_uid == uid) return;
  /* Without the privilege, or on a read-only /dev, the program still has it open. */
  if (fchown(STDIN_FILENO, uid, (gid_t)-1) < 0) note("StandardInput", errno, terminal_path(spec));
}
