#include "executor/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/report.h"

enum { REPORT_FD = 1, NAMESPACE_FD = 3, ROOT_FD = 4 };

/* Makes the parents of `path`, which is absolute, and itself as a directory or an empty file. What is there stays as it is. */
static void make_missing(const char *path, bool is_directory) {
  char part[PATH_MAX];
  if (strlen(path) >= sizeof part) fail(STAGE_NAMESPACE, ENAMETOOLONG, path);
  strcpy(part, path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(part, 0755) < 0 && errno != EEXIST) fail(STAGE_NAMESPACE, errno, part);
    *slash = '/';
  }
  int made = is_directory ? mkdir(path, 0755) : mknod(path, S_IFREG | 0644, 0);
  if (made < 0 && errno != EEXIST) fail(STAGE_NAMESPACE, errno, path);
}

noreturn void bind_into_service(char *const *words) {
  report_to(REPORT_FD);
  const char *source = words[0];
  const char *target = source == NULL ? NULL : words[1];
  if (target == NULL) fail(STAGE_SPECIFICATION, EINVAL, "arguments");
  bool read_only = false;
  bool makes_target = false;
  for (char *const *word = words + 2; *word != NULL; word++) {
    if (strcmp(*word, "read-only") == 0) read_only = true;
    else if (strcmp(*word, "mkdir") == 0) makes_target = true;
    else fail(STAGE_SPECIFICATION, EINVAL, *word);
  }

  /* A copy of the mount that is in no name space yet: it can be changed before anybody sees it, and taken along into another one. */
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  struct stat status;
  if (tree < 0 || fstat(tree, &status) < 0) fail(STAGE_FDS, errno, source);
  struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
  if (read_only && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) fail(STAGE_FDS, errno, source);

  if (setns(NAMESPACE_FD, CLONE_NEWNS) < 0 || fchdir(ROOT_FD) < 0 || chroot(".") < 0) fail(STAGE_NAMESPACE, errno, target);
  if (makes_target) make_missing(target, S_ISDIR(status.st_mode));
  /* The kernel's own answer to a directory on a file is EINVAL, which may mean a dozen things. */
  struct stat place;
  if (stat(target, &place) < 0) fail(STAGE_NAMESPACE, errno, target);
  if (S_ISDIR(place.st_mode) != S_ISDIR(status.st_mode)) fail(STAGE_NAMESPACE, S_ISDIR(status.st_mode) ? ENOTDIR : EISDIR, target);
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0) fail(STAGE_NAMESPACE, errno, target);
  _exit(EXIT_SUCCESS);
}
