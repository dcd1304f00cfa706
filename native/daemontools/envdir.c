/*
 * envdir: a directory of files becomes environment variables. The name of a file is that of the variable, its first line the value;
 * blanks and tabs at its end go, zero bytes stand for newlines. An empty file takes the variable away.
 */
#include "daemontools/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No environment the kernel would take is larger: 32 pages a string. */
enum { VALUE_BYTES_MAX = 128 * 1024 };

/* The bytes of a file; *length 0 for an empty one. Dies when it cannot be read. */
static char *read_file(int directory, const char *directory_name, const char *name, size_t *length) {
  char *bytes = malloc(VALUE_BYTES_MAX + 1);
  int fd = openat(directory, name, O_RDONLY | O_NONBLOCK);
  if (bytes == NULL || fd < 0) die_of_error("unable to read ", directory_name, "/", name, ": ", NULL);
  *length = 0;
  while (*length < VALUE_BYTES_MAX) {
    ssize_t got = read(fd, bytes + *length, VALUE_BYTES_MAX - *length);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) die_of_error("unable to read ", directory_name, "/", name, ": ", NULL);
    *length += (size_t)got;
  }
  close(fd);
  return bytes;
}

static void set_variable(const char *name, char *bytes, size_t length) {
  char *newline = memchr(bytes, '\n', length);
  if (newline != NULL) length = (size_t)(newline - bytes);
  while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\t')) length--;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\0') bytes[i] = '\n';
  }
  bytes[length] = '\0';
  /* putenv and not setenv, which refuses a name with an equals sign. */
  char *assignment = malloc(strlen(name) + length + 2);
  if (assignment == NULL) die_of_error("unable to set ", name, ": ", NULL);
  stpcpy(stpcpy(stpcpy(assignment, name), "="), bytes);
  if (putenv(assignment) != 0) die_of_error("unable to set ", name, ": ", NULL);
}

int run_envdir(int argc, char **argv) {
  if (argc < 3) {
    /* The one tool that ends otherwise when it is called wrongly. */
    print_usage();
    return EXIT_TROUBLE;
  }
  const char *name = argv[1];
  int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) die_of_error("unable to switch to directory ", name, ": ", NULL);
  DIR *entries = fdopendir(dup(directory));
  if (entries == NULL) die_of_error("unable to read directory ", name, ": ", NULL);
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(entries);
    if (entry == NULL) break;
    if (entry->d_name[0] == '.') continue;
    size_t length;
    char *bytes = read_file(directory, name, entry->d_name, &length);
    if (length == 0) unsetenv(entry->d_name);
    else set_variable(entry->d_name, bytes, length);
    free(bytes);
  }
  if (errno != 0) die_of_error("unable to read directory ", name, ": ", NULL);
  closedir(entries);
  close(directory);
  become(argv + 2);
}
