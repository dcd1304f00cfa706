#include "executor/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
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

void prepare_terminal(const struct exec_spec *spec) {
  if (!spec->tty_hangup && !spec->tty_reset) return;
  int fd = open_patiently(terminal_path(spec));
  /* A terminal that is not there fails later, where the stream that needs it is known. */
  if (fd < 0) return;
  if (spec->tty_hangup && ioctl(fd, TIOCVHANGUP) < 0 && errno == EPERM) note("TTYVHangup", errno, terminal_path(spec));
  if (spec->tty_reset) make_terminal_sane(fd);
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
