#include "executor/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/report.h"

/* A level costs a descriptor while the tree is walked. No service nests deeper; a loop cannot happen, links are not followed. */
enum { DEPTH_MAX = 200 };

static const struct {
  const char *word;
  const char *variable;
  enum stage stage;
} KINDS[] = {
  [RUNTIME] = { "runtime", "RUNTIME_DIRECTORY", STAGE_RUNTIME_DIRECTORY },
  [STATE] = { "state", "STATE_DIRECTORY", STAGE_STATE_DIRECTORY },
  [CACHE] = { "cache", "CACHE_DIRECTORY", STAGE_CACHE_DIRECTORY },
  [LOGS] = { "logs", "LOGS_DIRECTORY", STAGE_LOGS_DIRECTORY },
  [CONFIGURATION] = { "configuration", "CONFIGURATION_DIRECTORY", STAGE_CONFIGURATION_DIRECTORY },
};

const char *directory_variable(enum directory_kind kind) { return KINDS[kind].variable; }

static char *join(const char *root, const char *path) {
  char *joined;
  if (asprintf(&joined, "%s/%s", root, path) < 0) fail(STAGE_MEMORY, ENOMEM, "");
  return joined;
}

struct service_directory read_directory(const struct exec_spec *spec, size_t index) {
  struct field record = spec->directories.items[index];
  const char *kind = record.bytes;
  const char *root = next_field(record, kind);
  const char *path = root != NULL ? next_field(record, root) : NULL;
  const char *mode = path != NULL ? next_field(record, path) : NULL;
  if (mode == NULL) fail(STAGE_SPECIFICATION, EINVAL, "directory");
  struct service_directory directory = { RUNTIME, join(root, path), (mode_t)strtoul(mode, NULL, 8) & 07777 };
  while (strcmp(KINDS[directory.kind].word, kind) != 0) {
    if (directory.kind == CONFIGURATION) fail(STAGE_SPECIFICATION, EINVAL, kind);
    directory.kind++;
  }
  return directory;
}

/* Every directory above `path`. */
static void make_parents(char *path, enum stage stage) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS) fail(stage, errno, path);
    *slash = '/';
  }
}

/*
 * Gives the tree below the open directory to the owner. The service itself may be changing it meanwhile (a second instance), so
 * nothing is looked up twice by path, links are not followed, and what has just vanished is no error.
 */
static int chown_tree(int directory, uid_t uid, gid_t gid, int depth) {
  if (depth == DEPTH_MAX) {
    close(directory);
    errno = ELOOP;
    return -1;
  }
  DIR *stream = fdopendir(directory);
  if (stream == NULL) {
    close(directory);
    return -1;
  }
  int result = 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    int below = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0) {
      result = chown_tree(below, uid, gid, depth + 1);
    } else if (errno == ENOTDIR || errno == ELOOP) {
      result = fchownat(directory, entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW);
      if (result < 0 && errno == ENOENT) result = 0;
    } else if (errno != ENOENT) {
      result = -1;
    }
  }
  /* The directory itself last: a tree whose top has the right owner counts as done. */
  struct stat before;
  if (result == 0) result = fstat(directory, &before);
  if (result == 0) result = fchown(directory, uid, gid);
  /* Changing the owner may clear set-user-ID bits. */
  if (result == 0) result = fchmod(directory, before.st_mode & 07777);
  int error = errno;
  closedir(stream);
  errno = error;
  return result;
}

static void set_up_directory(const struct service_directory *directory, uid_t uid, gid_t gid) {
  enum stage stage = KINDS[directory->kind].stage;
  make_parents(directory->path, stage);
  bool existed = mkdir(directory->path, directory->mode) < 0;
  if (existed && errno != EEXIST) fail(stage, errno, directory->path);
  if (existed && directory->kind == CONFIGURATION) return;
  int fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) < 0) fail(stage, errno, directory->path);
  if ((status.st_mode & 07777) != directory->mode && fchmod(fd, directory->mode) < 0) fail(stage, errno, directory->path);
  if (directory->kind != CONFIGURATION && (status.st_uid != uid || status.st_gid != gid)) {
    if (chown_tree(fd, uid, gid, 0) < 0) fail(stage, errno, directory->path);
  } else {
    close(fd);
  }
}

/* LINK in the same root points at PATH, relatively. What is there and is no link is left alone. */
static void make_link(const struct service_directory *directory, const char *root, const char *path, const char *link) {
  enum stage stage = KINDS[directory->kind].stage;
  char *place = join(root, link);
  make_parents(place, stage);
  char *target = strdup(path);
  for (const char *slash = strchr(link, '/'); slash != NULL && target != NULL; slash = strchr(slash + 1, '/')) {
    char *up = join("..", target);
    free(target);
    target = up;
  }
  if (target == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  if (symlink(target, place) < 0 && errno != EEXIST) fail(stage, errno, place);
  free(target);
  free(place);
}

/* That one cannot be made is for the command to say, which needs it. */
static void make_missing(const struct exec_spec *spec) {
  for (size_t i = 0; i < spec->made_directories.count; i++) {
    struct field record = spec->made_directories.items[i];
    const char *mode = next_field(record, record.bytes);
    if (mode == NULL) fail(STAGE_SPECIFICATION, EINVAL, "make-directory");
    char *path = join("", record.bytes + 1);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
      *slash = '\0';
      mkdir(path, 0755);
      *slash = '/';
    }
    mkdir(path, (mode_t)strtoul(mode, NULL, 8) & 07777);
    free(path);
  }
}

void set_up_directories(const struct exec_spec *spec, uid_t uid, gid_t gid) {
  /* UMask= is for the service's own files; all modes here are written down. */
  mode_t before = umask(0);
  make_missing(spec);
  for (size_t i = 0; i < spec->directories.count; i++) {
    struct service_directory directory = read_directory(spec, i);
    set_up_directory(&directory, uid, gid);
    struct field record = spec->directories.items[i];
    const char *root = next_field(record, record.bytes);
    const char *path = next_field(record, root);
    const char *mode = next_field(record, path);
    for (const char *link = next_field(record, mode); link != NULL; link = next_field(record, link)) {
      if (*link != '\0') make_link(&directory, root, path, link);
    }
    free(directory.path);
  }
  umask(before);
}
