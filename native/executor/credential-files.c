#include "executor/credential-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "executor/report.h"

/* Of all credentials of a unit, as in systemd: they live in memory. */
enum { BYTES_MAX = 1 << 20 };
enum { NAME_BYTES_MAX = 512 };

static size_t bytes_left = BYTES_MAX;

static int create(int directory, const char *id, uid_t uid, gid_t gid) {
  unlinkat(directory, id, 0);
  int fd = openat(directory, id, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
  if (fd < 0) fail(STAGE_CREDENTIALS, errno, id);
  if (fchown(fd, uid, gid) < 0 && (errno != EPERM || uid != getuid())) fail(STAGE_CREDENTIALS, errno, id);
  return fd;
}

static void write_all(int fd, const char *bytes, size_t size, const char *id) {
  if (size > bytes_left) fail(STAGE_CREDENTIALS, E2BIG, id);
  bytes_left -= size;
  while (size > 0) {
    ssize_t written = write(fd, bytes, size);
    if (written < 0 && errno != EINTR) fail(STAGE_CREDENTIALS, errno, id);
    if (written > 0) bytes += written, size -= (size_t)written;
  }
}

static void copy(int source, int directory, const char *id, uid_t uid, gid_t gid) {
  int fd = create(directory, id, uid, gid);
  char buffer[4096];
  for (ssize_t size; (size = read(source, buffer, sizeof buffer)) != 0;) {
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(STAGE_CREDENTIALS, errno, id);
    write_all(fd, buffer, (size_t)size, id);
  }
  close(fd);
  close(source);
}

/* A file, or a socket that gives the credential to whom connects to it. */
static int open_source(int above, const char *path) {
  int fd = openat(above, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0 || errno != ENXIO) return fd;
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (strlen(path) >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path, strlen(path));
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return -1;
}

/* The files of a directory become ID_NAME; those in directories below it ID_SUB_NAME. */
static void load_tree(int source, int directory, const char *id, uid_t uid, gid_t gid, int depth) {
  DIR *stream = depth < 16 ? fdopendir(source) : NULL;
  if (stream == NULL) fail(STAGE_CREDENTIALS, depth < 16 ? errno : ELOOP, id);
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    char name[NAME_BYTES_MAX];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (snprintf(name, sizeof name, "%s_%s", id, entry->d_name) >= NAME_MAX) fail(STAGE_CREDENTIALS, ENAMETOOLONG, id);
    int below = openat(source, entry->d_name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (below < 0 || fstat(below, &status) < 0) fail(STAGE_CREDENTIALS, errno, name);
    if (S_ISDIR(status.st_mode)) load_tree(below, directory, name, uid, gid, depth + 1);
    else copy(below, directory, name, uid, gid);
  }
  closedir(stream);
}

static void load(const struct exec_spec *spec, int directory, const char *id, const char *path, bool optional, uid_t uid, gid_t gid) {
  int source = -1;
  errno = ENOENT;
  if (*path == '/') {
    source = open_source(AT_FDCWD, path);
  } else {
    for (size_t i = 0; source < 0 && i < spec->credential_search.count; i++) {
      char place[PATH_MAX];
      snprintf(place, sizeof place, "%s/%s", spec->credential_search.items[i], path);
      source = open_source(AT_FDCWD, place);
      if (source < 0 && errno != ENOENT) break;
    }
    /* A credential that nobody gave the machine is simply not there. */
    if (source < 0 && errno == ENOENT) return;
  }
  if (source < 0) {
    if (errno == ENOENT && optional) return;
    fail(STAGE_CREDENTIALS, errno, path);
  }
  struct stat status;
  if (fstat(source, &status) == 0 && S_ISDIR(status.st_mode)) load_tree(source, directory, id, uid, gid, 0);
  else copy(source, directory, id, uid, gid);
}

void set_up_credential_files(const struct exec_spec *spec, uid_t uid, gid_t gid) {
  const char *path = spec->credentials_directory;
  if (path == NULL) return;
  if (mkdir(path, 0700) < 0 && errno != EEXIST) fail(STAGE_CREDENTIALS, errno, path);
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) fail(STAGE_CREDENTIALS, errno, path);
  fchmod(directory, 0700);
  for (size_t i = 0; i < spec->credentials.count; i++) {
    struct field record = spec->credentials.items[i];
    const char *id = record.bytes;
    const char *kind = next_field(record, id);
    const char *content = kind != NULL ? next_field(record, kind) : NULL;
    if (content == NULL) fail(STAGE_SPECIFICATION, EINVAL, "credential");
    if (strcmp(kind, "set") != 0) {
      load(spec, directory, id, content, strcmp(kind, "optional") == 0, uid, gid);
      continue;
    }
    int fd = create(directory, id, uid, gid);
    write_all(fd, content, record.length - (size_t)(content - record.bytes), id);
    close(fd);
  }
  if (fchown(directory, uid, gid) < 0 && (errno != EPERM || uid != getuid())) fail(STAGE_CREDENTIALS, errno, path);
  if (fchmod(directory, 0500) < 0) fail(STAGE_CREDENTIALS, errno, path);
  close(directory);
}
