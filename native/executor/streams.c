#include "executor/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "executor/report.h"
#include "executor/terminal.h"

static const enum stage STAGES[] = { STAGE_STDIN, STAGE_STDOUT, STAGE_STDERR };

static void put_at(int fd, int target) {
  if (fd == target) {
    fcntl(fd, F_SETFD, 0);
    return;
  }
  if (dup2(fd, target) < 0) fail(STAGES[target], errno, "dup2");
  close(fd);
}

static void open_at(int target, const char *path, int flags) {
  if (path == NULL) fail(STAGE_SPECIFICATION, EINVAL, "stream");
  /* The mode is cut by UMask=, which is set already. */
  int fd = open(path, flags | O_NOCTTY, 0666);
  if (fd < 0) fail(STAGES[target], errno, path);
  put_at(fd, target);
}

static void feed_data(struct field data) {
  int fd = memfd_create("stdin", MFD_CLOEXEC);
  if (fd < 0) fail(STAGE_STDIN, errno, "memfd");
  for (size_t done = 0; done < data.length;) {
    ssize_t written = write(fd, data.bytes + done, data.length - done);
    if (written < 0) fail(STAGE_STDIN, errno, "memfd");
    done += (size_t)written;
  }
  if (lseek(fd, 0, SEEK_SET) < 0) fail(STAGE_STDIN, errno, "memfd");
  put_at(fd, STDIN_FILENO);
}

void set_up_streams(const struct exec_spec *spec) {
  for (int target = STDIN_FILENO; target <= STDERR_FILENO; target++) {
    const char *kind = spec->streams[target].bytes;
    if (kind == NULL || strcmp(kind, "inherit") == 0) continue;
    const char *subject = next_field(spec->streams[target], kind);
    if (strcmp(kind, "null") == 0) {
      open_at(target, "/dev/null", target == STDIN_FILENO ? O_RDONLY : O_WRONLY);
    } else if (strcmp(kind, "read") == 0) {
      open_at(target, subject, O_RDONLY);
    } else if (strcmp(kind, "write") == 0) {
      open_at(target, subject, O_WRONLY | O_CREAT);
    } else if (strcmp(kind, "append") == 0) {
      open_at(target, subject, O_WRONLY | O_CREAT | O_APPEND);
    } else if (strcmp(kind, "truncate") == 0) {
      open_at(target, subject, O_WRONLY | O_CREAT | O_TRUNC);
    } else if (strcmp(kind, "data") == 0 && target == STDIN_FILENO) {
      feed_data(spec->stdin_data);
    } else if (strcmp(kind, "duplicate") == 0 && subject != NULL) {
      int source = (int)parse_number(subject, 0, target - 1, "duplicate");
      if (dup2(source, target) < 0) fail(STAGES[target], errno, "dup2");
    } else if (strncmp(kind, "tty", 3) == 0) {
      /* Only standard input makes the terminal the controlling one; the others just write to it. */
      enum acquire how = target != STDIN_FILENO             ? ACQUIRE_NOT
                         : strcmp(kind, "tty-force") == 0   ? ACQUIRE_FORCE
                         : strcmp(kind, "tty-fail") == 0    ? ACQUIRE_OR_FAIL
                                                            : ACQUIRE_WAIT;
      put_at(open_terminal(spec, how, STAGES[target]), target);
    } else {
      fail(STAGE_SPECIFICATION, EINVAL, kind);
    }
  }
}
