/*
 * Every directive becomes rules: this path and what is below it is writable, read-only or hidden. The longest rule that covers a
 * place decides. Each path of a rule is bound onto itself, so that it is a mount of its own; then every mount that a read-only
 * rule covers is remounted, one by one, as the kernel's table of mounts lists them. The alternative, one recursive
 * mount_setattr(2), needs Linux 5.12 and would make mounts writable again that the administrator mounted read-only.
 */
#include "executor/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "executor/directories.h"
#include "executor/report.h"

enum access { WRITABLE, READ_ONLY, HIDDEN };

struct rule {
  const char *path;
  enum access access;
  /* `-` prefix: a path that does not exist is no error. */
  bool optional;
  const char *directive;
};

/* More paths than any unit has; a service with thousands of them should be given another root. */
enum { RULES_MAX = 1024 };

static struct rule rules[RULES_MAX];
static size_t rule_count;

static void add_rule(const char *path, enum access access, bool optional, const char *directive) {
  /* `+` means "below RootDirectory=", where all of ours are anyway. */
  for (; *path == '-' || *path == '+'; path++) optional |= *path == '-';
  if (rule_count == RULES_MAX) fail(STAGE_NAMESPACE, E2BIG, directive);
  rules[rule_count++] = (struct rule){ path, access, optional, directive };
}

static void add_rules(const struct texts *paths, enum access access, const char *directive) {
  for (size_t i = 0; i < paths->count; i++) add_rule(paths->items[i], access, false, directive);
}

static void collect_rules(const struct exec_spec *spec) {
  const char *system = spec->protect_system != NULL ? spec->protect_system : "no";
  if (strcmp(system, "strict") == 0) {
    add_rule("/", READ_ONLY, false, "ProtectSystem");
    static const char *const api[] = { "/dev", "/proc", "/sys" };
    for (size_t i = 0; i < sizeof api / sizeof *api; i++) add_rule(api[i], WRITABLE, true, "ProtectSystem");
  } else if (strcmp(system, "no") != 0) {
    static const char *const system_paths[] = { "/usr", "/boot", "/efi" };
    for (size_t i = 0; i < sizeof system_paths / sizeof *system_paths; i++) add_rule(system_paths[i], READ_ONLY, true, "ProtectSystem");
    if (strcmp(system, "full") == 0) add_rule("/etc", READ_ONLY, true, "ProtectSystem");
  }
  const char *home = spec->protect_home != NULL ? spec->protect_home : "no";
  if (strcmp(home, "no") != 0) {
    static const char *const homes[] = { "/home", "/root", "/run/user" };
    enum access access = strcmp(home, "read-only") == 0 ? READ_ONLY : HIDDEN;
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) add_rule(homes[i], access, true, "ProtectHome");
  }
  add_rules(&spec->read_only_paths, READ_ONLY, "ReadOnlyPaths");
  add_rules(&spec->inaccessible_paths, HIDDEN, "InaccessiblePaths");
  add_rules(&spec->read_write_paths, WRITABLE, "ReadWritePaths");
  if (rule_count == 0) return;
  /* What the service was promised stays writable. */
  for (size_t i = 0; i < spec->directories.count; i++) {
    struct service_directory directory = read_directory(spec, i);
    if (directory.kind != CONFIGURATION) add_rule(directory.path, WRITABLE, true, "ReadWritePaths");
  }
  if (spec->private_tmp != NULL) {
    add_rule("/tmp", WRITABLE, true, "PrivateTmp");
    add_rule("/var/tmp", WRITABLE, true, "PrivateTmp");
  }
}

static bool covers(const char *path, const char *place) {
  size_t length = strlen(path);
  if (length > 1 && path[length - 1] == '/') length--;
  if (length == 1) return true;
  return strncmp(path, place, length) == 0 && (place[length] == '/' || place[length] == '\0');
}

/* The rule with the longest path that covers the place; of equal ones the last. */
static const struct rule *decide(const char *place) {
  const struct rule *best = NULL;
  for (size_t i = 0; i < rule_count; i++) {
    if (covers(rules[i].path, place) && (best == NULL || strlen(rules[i].path) >= strlen(best->path))) best = &rules[i];
  }
  return best;
}

/* Binds `source` over `target`. */
static void bind_over(const char *source, const char *target, const char *directive) {
  if (mount(source, target, "none", MS_BIND | MS_REC, NULL) < 0) fail(STAGE_NAMESPACE, errno, directive);
}

/* The unit's own version of a directory below `holder`, as a path that stays good when `holder` itself gets covered. */
static void open_private(const char *holder, const char *name, char *path, size_t size) {
  if (snprintf(path, size, "%s/%s", holder, name) >= (int)size) fail(STAGE_NAMESPACE, ENAMETOOLONG, holder);
  if (mkdir(path, 01777) < 0 && errno != EEXIST) fail(STAGE_NAMESPACE, errno, path);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fchmod(fd, 01777) < 0) fail(STAGE_NAMESPACE, errno, path);
  snprintf(path, size, "/proc/self/fd/%d", fd);
}

static void bind_private_tmp(const char *holder) {
  char tmp[PATH_MAX];
  char var_tmp[PATH_MAX];
  open_private(holder, "tmp", tmp, sizeof tmp);
  open_private(holder, "var-tmp", var_tmp, sizeof var_tmp);
  if (access("/tmp", F_OK) == 0) bind_over(tmp, "/tmp", "PrivateTmp");
  if (access("/var/tmp", F_OK) == 0) bind_over(var_tmp, "/var/tmp", "PrivateTmp");
}

/* Puts an empty directory that nobody may enter, or an empty file, over what is hidden. */
static void hide(const char *path, bool is_directory) {
  if (is_directory) {
    if (mount("tmpfs", path, "tmpfs", MS_RDONLY | MS_NODEV | MS_NOEXEC | MS_NOSUID, "mode=000,nr_inodes=2,size=4k") < 0) {
      fail(STAGE_NAMESPACE, errno, path);
    }
    return;
  }
  bind_over("/dev/null", path, "InaccessiblePaths");
}

static void apply_rule_path(const struct rule *rule) {
  struct stat status;
  if (stat(rule->path, &status) < 0) {
    if (errno == ENOENT && rule->optional) return;
    fail(STAGE_NAMESPACE, errno, rule->path);
  }
  if (decide(rule->path) != rule) return;
  if (rule->access == HIDDEN) hide(rule->path, S_ISDIR(status.st_mode));
  else if (strcmp(rule->path, "/") != 0) bind_over(rule->path, rule->path, rule->directive);
}

static unsigned long flags_in_force(const char *place) {
  struct statvfs status;
  if (statvfs(place, &status) < 0) return 0;
  static const struct {
    unsigned long shown;
    unsigned long flag;
  } flags[] = { { ST_NOSUID, MS_NOSUID }, { ST_NODEV, MS_NODEV },         { ST_NOEXEC, MS_NOEXEC },
                { ST_NOATIME, MS_NOATIME }, { ST_NODIRATIME, MS_NODIRATIME }, { ST_RELATIME, MS_RELATIME } };
  unsigned long result = 0;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (status.f_flag & flags[i].shown) result |= flags[i].flag;
  }
  return result;
}

/* mountinfo writes white space and backslashes as \ooo. */
static void unescape(char *text) {
  char *to = text;
  for (const char *from = text; *from != '\0'; to++) {
    if (*from == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] != '\0' && from[3] != '\0') {
      *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 4;
    } else {
      *to = *from++;
    }
  }
  *to = '\0';
}

static void remount_read_only(void) {
  FILE *table = fopen("/proc/self/mountinfo", "re");
  if (table == NULL) fail(STAGE_NAMESPACE, errno, "/proc/self/mountinfo");
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, table) >= 0) {
    char place[PATH_MAX];
    if (sscanf(line, "%*s %*s %*s %*s %4095s", place) != 1) continue;
    unescape(place);
    const struct rule *rule = decide(place);
    if (rule == NULL || rule->access != READ_ONLY) continue;
    if (mount("none", place, "none", MS_REMOUNT | MS_BIND | MS_RDONLY | flags_in_force(place), NULL) == 0) continue;
    /* A mount hidden below another one, or on a server that is gone, cannot be reached by the service either. */
    if (errno != EINVAL && errno != ENOENT && errno != ESTALE && errno != EACCES) fail(STAGE_NAMESPACE, errno, place);
  }
  free(line);
  fclose(table);
}

static void note_all(const struct exec_spec *spec, int error) {
  if (spec->private_tmp != NULL) note("PrivateTmp", error, "");
  const char *last = "";
  for (size_t i = 0; i < rule_count; i++) {
    if (rules[i].directive != last && strcmp(rules[i].directive, "PrivateTmp") != 0) note(rules[i].directive, error, "");
    last = rules[i].directive;
  }
}

void set_up_mounts(const struct exec_spec *spec) {
  collect_rules(spec);
  if (rule_count == 0 && spec->private_tmp == NULL) return;
  if (unshare(CLONE_NEWNS) < 0) {
    if (errno != EPERM && errno != ENOSYS) fail(STAGE_NAMESPACE, errno, "unshare");
    note_all(spec, errno);
    return;
  }
  /* Slave: what is mounted outside later still appears, what is done here stays here. */
  if (mount("none", "/", "none", MS_SLAVE | MS_REC, NULL) < 0) fail(STAGE_NAMESPACE, errno, "/");
  if (spec->private_tmp != NULL) bind_private_tmp(spec->private_tmp);
  for (size_t i = 0; i < rule_count; i++) apply_rule_path(&rules[i]);
  remount_read_only();
}
