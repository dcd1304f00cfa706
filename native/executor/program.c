#include "executor/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/filters.h"
#include "executor/report.h"

enum { FIRST_PASSED_FD = 3 };
/* Without close_range(2) (before Linux 5.9) descriptors are marked one by one, up to here. */
enum { MARKED_FDS_MAX = 4096 };

void change_root(const struct exec_spec *spec) {
  if (spec->root_directory == NULL) return;
  if (chroot(spec->root_directory) < 0 || chdir("/") < 0) fail(STAGE_CHROOT, errno, spec->root_directory);
}

void change_directory(const struct exec_spec *spec, const struct identity *identity) {
  const char *path = spec->working_directory != NULL ? spec->working_directory : "/";
  if (spec->working_directory_home) {
    const char *own = getenv("HOME");
    path = identity->has_user ? identity->user.home : own != NULL ? own : "/root";
  }
  if (chdir(path) == 0) return;
  int error = errno;
  if (!spec->working_directory_optional || chdir("/") < 0) fail(STAGE_CHDIR, error, path);
}

/* fds[i] becomes 3 + i. A source that lies where another target goes is moved out of the way first. */
static void place_fds(const struct numbers *fds) {
  int count = (int)fds->count;
  int end = FIRST_PASSED_FD + count;
  for (int i = 0; i < count; i++) {
    if (fds->items[i] >= end || fds->items[i] == FIRST_PASSED_FD + i) continue;
    int moved = fcntl(fds->items[i], F_DUPFD_CLOEXEC, end);
    if (moved < 0) fail(STAGE_FDS, errno, "move");
    fds->items[i] = moved;
  }
  report_above(end);
  for (int i = 0; i < count; i++) {
    int target = FIRST_PASSED_FD + i;
    int result = fds->items[i] == target ? fcntl(target, F_SETFD, 0) : dup2(fds->items[i], target);
    if (result < 0) fail(STAGE_FDS, errno, "dup2");
  }
  if (syscall(SYS_close_range, end, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = end; fd < MARKED_FDS_MAX; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* An error that says "not this file", so that the next directory of the search path may have a better one. */
static bool may_be_elsewhere(int error) { return error == ENOENT || error == ENOTDIR || error == EACCES; }

void execute(const struct exec_spec *spec, char **arguments, char **environment) {
  place_fds(&spec->fds);
  if (strchr(spec->path, '/') != NULL) {
    /* A filter may not even let us tell that there is no such program. */
    if (spec->filters.count > 0 && access(spec->path, X_OK) < 0) fail(STAGE_EXEC, errno, spec->path);
    install_filters(spec);
    execve(spec->path, arguments, environment);
    fail(STAGE_EXEC, errno, spec->path);
  }
  install_filters(spec);
  int error = ENOENT;
  for (size_t i = 0; i < spec->search.count; i++) {
    char candidate[PATH_MAX];
    if (snprintf(candidate, sizeof candidate, "%s/%s", spec->search.items[i], spec->path) >= (int)sizeof candidate) continue;
    execve(candidate, arguments, environment);
    /* A file that is there but may not be executed says more than the directories without one. */
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (!may_be_elsewhere(errno)) break;
  }
  fail(STAGE_EXEC, error, spec->path);
}
