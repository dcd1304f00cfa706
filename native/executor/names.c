#include "executor/names.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/report.h"
#include "executor/spec.h"

/* passwd(5) has seven fields, group(5) four. */
enum { PASSWD_FIELDS = 7, GROUP_FIELDS = 4 };
/* The kernel takes no more (NGROUPS_MAX). */
enum { GROUPS_MAX = 65536 };

static bool parse_id(const char *text, unsigned *id) {
  if (!isdigit((unsigned char)*text)) return false;
  char *end;
  errno = 0;
  unsigned long number = strtoul(text, &end, 10);
  /* The highest 32-bit number means "no id" to the kernel. */
  if (errno != 0 || *end != '\0' || number >= UINT32_MAX) return false;
  *id = (unsigned)number;
  return true;
}

/* Cuts a line at its colons. False when it has too few fields. */
static bool split_line(char *line, char **fields, int wanted) {
  line[strcspn(line, "\n")] = '\0';
  for (int i = 0; i < wanted; i++) {
    if (line == NULL) return false;
    fields[i] = line;
    line = strchr(line, ':');
    if (line != NULL) *line++ = '\0';
  }
  return true;
}

static char *copy(const char *text) {
  char *result = strdup(text);
  if (result == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  return result;
}

static bool take_user(char **fields, bool foreign, struct user *user) {
  if (!parse_id(fields[2], &user->uid) || !parse_id(fields[3], &user->gid)) return false;
  user->name = copy(fields[0]);
  user->home = copy(fields[5]);
  user->shell = copy(fields[6]);
  user->foreign = foreign;
  return true;
}

/* The fields of the first line of `file` whose first field is `name`, or whose third is `id` when `by_id`. The line is the caller's. */
static char *find_line(FILE *file, const char *name, bool by_id, unsigned id, char **fields, int count) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, file) >= 0) {
    unsigned found;
    if (!split_line(line, fields, count)) continue;
    if (by_id ? parse_id(fields[2], &found) && found == id : strcmp(fields[0], name) == 0) return line;
  }
  free(line);
  return NULL;
}

/* Output of getent(1), or NULL when it cannot be run. `*child` must be waited for. */
static FILE *ask_getent(const char *database, const char *key, pid_t *child) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return NULL;
  *child = fork();
  if (*child == 0) {
    int nothing = open("/dev/null", O_RDWR);
    if (nothing >= 0) {
      dup2(nothing, STDIN_FILENO);
      dup2(nothing, STDERR_FILENO);
    }
    dup2(ends[1], STDOUT_FILENO);
    char *arguments[] = { "getent", (char *)database, (char *)key, NULL };
    char *environment[] = { "PATH=/usr/bin:/bin", NULL };
    execve("/usr/bin/getent", arguments, environment);
    execve("/bin/getent", arguments, environment);
    _exit(127);
  }
  close(ends[1]);
  FILE *output = *child > 0 ? fdopen(ends[0], "r") : NULL;
  if (output == NULL) close(ends[0]);
  return output;
}

static void close_getent(FILE *output, pid_t child) {
  fclose(output);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
}

bool find_user(const char *name_or_uid, struct user *user) {
  char *fields[PASSWD_FIELDS];
  unsigned id = 0;
  bool by_id = parse_id(name_or_uid, &id);
  bool found = false;
  FILE *file = fopen("/etc/passwd", "re");
  if (file != NULL) {
    char *line = find_line(file, name_or_uid, by_id, id, fields, PASSWD_FIELDS);
    found = line != NULL && take_user(fields, false, user);
    free(line);
    fclose(file);
  }
  pid_t child;
  FILE *output = found ? NULL : ask_getent("passwd", name_or_uid, &child);
  if (output != NULL) {
    char *line = find_line(output, name_or_uid, by_id, id, fields, PASSWD_FIELDS);
    found = line != NULL && take_user(fields, true, user);
    free(line);
    close_getent(output, child);
  }
  /* A number nobody has given a name is a user too: a container of any uid, DynamicUser=. */
  if (!found && by_id) *user = (struct user){ .name = copy(name_or_uid), .home = copy("/"), .shell = copy("/bin/sh"), .uid = id, .gid = id };
  return found || by_id;
}

bool find_group(const char *name_or_gid, gid_t *gid) {
  if (parse_id(name_or_gid, gid)) return true;
  char *fields[GROUP_FIELDS];
  bool found = false;
  FILE *file = fopen("/etc/group", "re");
  if (file != NULL) {
    char *line = find_line(file, name_or_gid, false, 0, fields, GROUP_FIELDS);
    found = line != NULL && parse_id(fields[2], gid);
    free(line);
    fclose(file);
  }
  pid_t child;
  FILE *output = found ? NULL : ask_getent("group", name_or_gid, &child);
  if (output != NULL) {
    char *line = find_line(output, name_or_gid, false, 0, fields, GROUP_FIELDS);
    found = line != NULL && parse_id(fields[2], gid);
    free(line);
    close_getent(output, child);
  }
  return found;
}

void add_group(struct group_ids *groups, gid_t gid) {
  for (size_t i = 0; i < groups->count; i++) {
    if (groups->items[i] == gid) return;
  }
  if (groups->count == GROUPS_MAX) return;
  if ((groups->count & (groups->count - 1)) == 0) {
    gid_t *larger = realloc(groups->items, (groups->count == 0 ? 1 : groups->count * 2) * sizeof *larger);
    if (larger == NULL) fail(STAGE_MEMORY, ENOMEM, "");
    groups->items = larger;
  }
  groups->items[groups->count++] = gid;
}

/* Is `name` an item of the comma-separated list? */
static bool is_listed(const char *list, const char *name) {
  size_t length = strlen(name);
  while (*list != '\0') {
    size_t item = strcspn(list, ",");
    if (item == length && memcmp(list, name, length) == 0) return true;
    list += item + (list[item] == ',');
  }
  return false;
}

static void read_group_file(const char *name, struct group_ids *groups) {
  FILE *file = fopen("/etc/group", "re");
  if (file == NULL) return;
  char *line = NULL;
  size_t room = 0;
  char *fields[GROUP_FIELDS];
  gid_t gid;
  while (getline(&line, &room, file) >= 0) {
    if (split_line(line, fields, GROUP_FIELDS) && is_listed(fields[3], name) && parse_id(fields[2], &gid)) add_group(groups, gid);
  }
  free(line);
  fclose(file);
}

/* "NAME   1000 27 4" */
static void read_initgroups(const char *name, struct group_ids *groups) {
  pid_t child;
  FILE *output = ask_getent("initgroups", name, &child);
  if (output == NULL) return;
  char *line = NULL;
  size_t room = 0;
  if (getline(&line, &room, output) >= 0) {
    char *rest = line;
    strtok_r(line, " \t\n", &rest);
    gid_t gid;
    for (char *word = strtok_r(NULL, " \t\n", &rest); word != NULL; word = strtok_r(NULL, " \t\n", &rest)) {
      if (parse_id(word, &gid)) add_group(groups, gid);
    }
  }
  free(line);
  close_getent(output, child);
}

struct group_ids find_memberships(const struct user *user, gid_t primary) {
  struct group_ids groups = { NULL, 0 };
  add_group(&groups, primary);
  read_group_file(user->name, &groups);
  if (user->foreign) read_initgroups(user->name, &groups);
  return groups;
}
