/*
 * Every directive becomes entries: a path, and what is to be there or to hold there. Entries are canonical paths sorted so that what
 * is above comes first; of several on one path the first kind of `enum kind` decides. Two passes: mounts are made top-down, every path
 * with a rule becoming a mount of its own; then each mount of the kernel's table is remounted read-only or without execution when
 * the nearest entry above it says so. One recursive mount_setattr(2) instead needs Linux 5.12 and would make mounts writable again
 * that the administrator mounted read-only.
 *
 * Sources are opened before anything is mounted, and bound through their descriptors: what hides a source does not keep it from
 * appearing elsewhere.
 */
#include "executor/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/directories.h"
#include "executor/report.h"

/* By rank: of entries on one path the lowest decides, as in systemd. */
enum kind { HIDE, BIND, DEVICES, PROC, SYSFS, TEMPORARY, READ_ONLY, WRITABLE, NO_EXECUTION, EXECUTION, WRITABLE_IMPLIED };

struct entry {
  char *path;
  enum kind kind;
  /* `-`: what is missing is no error. */
  bool optional;
  /* Of BIND and TEMPORARY. */
  bool read_only;
  bool single;
  /* BIND: what is bound, and whether it is a copy of the tree that is mounted nowhere yet. */
  int source;
  bool detached;
  const char *options;
  const char *directive;
  size_t order;
};

/* More paths than any unit has; a service with thousands of them should be given another root. */
enum { ENTRIES_MAX = 1024 };

static struct entry entries[ENTRIES_MAX];
static size_t entry_count;
static const char *root = "";

static struct entry *add(const char *path, enum kind kind, bool optional, const char *directive) {
  if (entry_count == ENTRIES_MAX) fail(STAGE_NAMESPACE, E2BIG, directive);
  struct entry *entry = &entries[entry_count];
  *entry = (struct entry){ .kind = kind, .optional = optional, .source = -1, .options = "", .directive = directive, .order = entry_count };
  entry_count++;
  if (asprintf(&entry->path, "%s%s", root, strcmp(path, "/") == 0 && *root != '\0' ? "" : path) < 0) fail(STAGE_MEMORY, ENOMEM, "");
  return entry;
}

static void add_all(const char *const *paths, enum kind kind, const char *directive) {
  for (; *paths != NULL; paths++) add(*paths, kind, true, directive);
}

/* `-` before a path makes it optional, `+` puts it below RootDirectory=. */
static void add_list(const struct texts *paths, enum kind kind, const char *directive) {
  const char *whole = root;
  for (size_t i = 0; i < paths->count; i++) {
    const char *path = paths->items[i];
    bool optional = *path == '-';
    if (optional) path++;
    root = *path == '+' ? whole : "";
    if (*path == '+') path++;
    add(path, kind, optional, directive);
  }
  root = whole;
}

static bool is(const char *word, const char *other) { return word != NULL && strcmp(word, other) == 0; }
static bool asked(const char *word) { return word != NULL && strcmp(word, "no") != 0; }

static void collect_system(const struct exec_spec *spec) {
  static const char *const api[] = { "/dev", "/proc", "/sys", NULL };
  static const char *const system[] = { "/usr", "/boot", "/efi", NULL };
  static const char *const etc[] = { "/etc", NULL };
  static const char *const homes[] = { "/home", "/root", "/run/user", NULL };
  if (is(spec->protect_system, "strict")) {
    add("/", READ_ONLY, false, "ProtectSystem");
    add_all(api, WRITABLE_IMPLIED, "ProtectSystem");
  } else if (asked(spec->protect_system)) {
    add_all(system, READ_ONLY, "ProtectSystem");
    if (is(spec->protect_system, "full")) add_all(etc, READ_ONLY, "ProtectSystem");
  }
  if (is(spec->protect_home, "tmpfs")) {
    for (size_t i = 0; homes[i] != NULL; i++) {
      struct entry *entry = add(homes[i], TEMPORARY, true, "ProtectHome");
      entry->read_only = true;
    }
  } else if (asked(spec->protect_home)) {
    add_all(homes, is(spec->protect_home, "read-only") ? READ_ONLY : HIDE, "ProtectHome");
  }
}

static void collect_kernel(const struct exec_spec *spec) {
  static const char *const tunables[] = {
    "/proc/acpi", "/proc/apm", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/latency_stats", "/proc/mttr", "/proc/scsi",
    "/proc/sys", "/proc/sysrq-trigger", "/proc/timer_stats", "/sys", NULL,
  };
  static const char *const secrets[] = { "/proc/kallsyms", "/proc/kcore", NULL };
  static const char *const exempt[] = { "/sys/fs/selinux", "/sys/fs/cgroup", NULL };
  static const char *const modules[] = { "/lib/modules", "/usr/lib/modules", NULL };
  static const char *const logs[] = { "/proc/kmsg", "/dev/kmsg", NULL };
  static const char *const groups[] = { "/sys/fs/cgroup", NULL };
  if (spec->protect_kernel_tunables) {
    add_all(tunables, READ_ONLY, "ProtectKernelTunables");
    add_all(secrets, HIDE, "ProtectKernelTunables");
    add_all(exempt, WRITABLE_IMPLIED, "ProtectKernelTunables");
  }
  if (spec->protect_kernel_modules) add_all(modules, HIDE, "ProtectKernelModules");
  if (spec->protect_kernel_logs) add_all(logs, HIDE, "ProtectKernelLogs");
  if (spec->protect_control_groups) add_all(groups, READ_ONLY, "ProtectControlGroups");
}

static void collect_binds(const struct exec_spec *spec) {
  for (size_t i = 0; i < spec->binds.count; i++) {
    struct field record = spec->binds.items[i];
    const char *source = record.bytes;
    const char *destination = next_field(record, source);
    const char *flags = destination != NULL ? next_field(record, destination) : NULL;
    if (flags == NULL) fail(STAGE_SPECIFICATION, EINVAL, "bind");
    bool read_only = strchr(flags, 'r') != NULL;
    struct entry *entry = add(destination, BIND, strchr(flags, 'o') != NULL, read_only ? "BindReadOnlyPaths" : "BindPaths");
    entry->options = source;
    entry->read_only = read_only;
    entry->single = strchr(flags, 'n') != NULL;
  }
  for (size_t i = 0; i < spec->temporary_file_systems.count; i++) {
    struct field record = spec->temporary_file_systems.items[i];
    const char *options = next_field(record, record.bytes);
    struct entry *entry = add(record.bytes, TEMPORARY, false, "TemporaryFileSystem");
    entry->options = options != NULL ? options : "";
  }
}

static void collect_api(const struct exec_spec *spec) {
  if (spec->private_devices) add("/dev", DEVICES, false, "PrivateDevices");
  bool proc_asked = spec->protect_proc != NULL || is(spec->proc_subset, "pid");
  if (proc_asked) add("/proc", PROC, false, spec->protect_proc != NULL ? "ProtectProc" : "ProcSubset");
  if (!spec->mount_api_vfs || *root == '\0') return;
  if (!proc_asked) add("/proc", PROC, false, "MountAPIVFS");
  add("/sys", SYSFS, false, "MountAPIVFS");
  if (!spec->private_devices) add("/dev", BIND, false, "MountAPIVFS")->options = "/dev";
  add("/run", TEMPORARY, false, "MountAPIVFS")->options = "mode=0755,nosuid,nodev";
}

/* What the service was promised stays writable, and is found in its own root as well. */
static void collect_directories(const struct exec_spec *spec) {
  for (size_t i = 0; i < spec->directories.count; i++) {
    struct service_directory directory = read_directory(spec, i);
    if (*root != '\0') add(directory.path, BIND, true, "RootDirectory")->options = directory.path;
    else if (directory.kind != CONFIGURATION) add(directory.path, WRITABLE_IMPLIED, true, "ReadWritePaths");
  }
}

static void collect(const struct exec_spec *spec) {
  collect_system(spec);
  collect_kernel(spec);
  collect_binds(spec);
  collect_api(spec);
  add_list(&spec->read_only_paths, READ_ONLY, "ReadOnlyPaths");
  add_list(&spec->inaccessible_paths, HIDE, "InaccessiblePaths");
  add_list(&spec->read_write_paths, WRITABLE, "ReadWritePaths");
  add_list(&spec->no_exec_paths, NO_EXECUTION, "NoExecPaths");
  add_list(&spec->exec_paths, EXECUTION, "ExecPaths");
  if (entry_count > 0 || *root != '\0') collect_directories(spec);
}

/* Like strcmp, but with everything below a directory directly behind it. */
static int compare_paths(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  if (*a == *b) return 0;
  if (*a == '\0' || *b == '\0') return *a == '\0' ? -1 : 1;
  if (*a == '/' || *b == '/') return *a == '/' ? -1 : 1;
  return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_entries(const void *a, const void *b) {
  const struct entry *left = a;
  const struct entry *right = b;
  int paths = compare_paths(left->path, right->path);
  if (paths != 0) return paths;
  if (left->kind != right->kind) return left->kind < right->kind ? -1 : 1;
  return left->order < right->order ? -1 : 1;
}

/* The path with its symbolic links followed inside the root; as it is when nothing is there. */
static char *canonical(char *path) {
  int top = open(*root != '\0' ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  bool inside = *root != '\0' && strncmp(path, root, strlen(root)) == 0;
  struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = inside ? RESOLVE_IN_ROOT : 0 };
  const char *relative = inside ? path + strlen(root) : path;
  int fd = (int)syscall(SYS_openat2, top, *relative == '\0' ? "/" : relative, &how, sizeof how);
  char *result = path;
  if (fd >= 0) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    char *found = realpath(link, NULL);
    if (found != NULL) result = found;
    close(fd);
  } else if (errno == ENOSYS && !inside) {
    char *found = realpath(path, NULL);
    if (found != NULL) result = found;
  }
  if (top >= 0) close(top);
  return result;
}

static bool covers(const char *path, const char *place) {
  size_t length = strlen(path);
  if (length == 1) return true;
  return strncmp(path, place, length) == 0 && (place[length] == '/' || place[length] == '\0');
}

/* Sorts, and removes what would be below something hidden. */
static void arrange(void) {
  for (size_t i = 0; i < entry_count; i++) entries[i].path = canonical(entries[i].path);
  qsort(entries, entry_count, sizeof *entries, compare_entries);
  size_t kept = 0;
  const char *hidden = NULL;
  for (size_t i = 0; i < entry_count; i++) {
    if (hidden != NULL && covers(hidden, entries[i].path)) continue;
    if (entries[i].kind == HIDE) hidden = entries[i].path;
    entries[kept++] = entries[i];
  }
  entry_count = kept;
}

/* A mount that would need a privilege the manager does not have is left out and told; any other failure is one. */
static bool mounted(int result, const struct entry *entry) {
  if (result == 0) return true;
  if (errno != EPERM && errno != EACCES) fail(STAGE_NAMESPACE, errno, entry->path);
  note(entry->directive, errno, entry->path);
  return false;
}

static bool bind_fd(int source, const char *target, bool recursive) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", source);
  return mount(path, target, "none", MS_BIND | (recursive ? MS_REC : 0), NULL) == 0;
}

static bool place_source(const struct entry *entry) {
  if (!entry->detached) return bind_fd(entry->source, entry->path, !entry->single);
  return syscall(SYS_move_mount, entry->source, "", AT_FDCWD, entry->path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

/* Makes what is to be mounted on: a directory, or an empty file. Its parents as well. */
static void make_target(const char *path, bool is_directory) {
  char *copy = strdup(path);
  if (copy == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(copy, 0755);
    *slash = '/';
  }
  if (is_directory) {
    mkdir(path, 0755);
  } else {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) close(fd);
  }
  free(copy);
}

static int open_source(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

static void open_sources(void) {
  for (size_t i = 0; i < entry_count; i++) {
    struct entry *entry = &entries[i];
    if (entry->kind != BIND || entry->source >= 0) continue;
    /* A copy taken now has nothing of what is mounted on the source later. Before Linux 5.2 there is no such copy. */
    entry->source = (int)syscall(SYS_open_tree, AT_FDCWD, entry->options, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (entry->single ? 0 : AT_RECURSIVE));
    entry->detached = entry->source >= 0;
    if (entry->source < 0) entry->source = open_source(entry->options);
    if (entry->source < 0 && !(errno == ENOENT && entry->optional)) fail(STAGE_NAMESPACE, errno, entry->options);
  }
}

/* The unit's own version of a directory, made below `holder`. */
static void add_private(const char *holder, const char *name, const char *target) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/%s", holder, name) >= (int)sizeof path) fail(STAGE_NAMESPACE, ENAMETOOLONG, holder);
  if (mkdir(path, 01777) < 0 && errno != EEXIST) fail(STAGE_NAMESPACE, errno, path);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fchmod(fd, 01777) < 0) fail(STAGE_NAMESPACE, errno, path);
  struct entry *entry = add(target, BIND, true, "PrivateTmp");
  entry->source = fd;
}

/* What a /dev of the service's own consists of. Everything is bound: making device nodes takes a privilege that containers lack. */
static const struct device {
  const char *name;
  bool is_directory;
} DEVICE_LIST[] = {
  { "null", false }, { "zero", false }, { "full", false },  { "random", false },  { "urandom", false },
  { "tty", false },  { "log", false },  { "pts", true },    { "shm", true },      { "mqueue", true },   { "hugepages", true },
};
enum { DEVICE_COUNT = sizeof DEVICE_LIST / sizeof *DEVICE_LIST };
static int device_sources[DEVICE_COUNT];

static void open_devices(void) {
  for (size_t i = 0; i < DEVICE_COUNT; i++) {
    char path[64];
    snprintf(path, sizeof path, "/dev/%s", DEVICE_LIST[i].name);
    device_sources[i] = open_source(path);
  }
}

static void make_devices(const struct entry *entry) {
  make_target(entry->path, true);
  if (!mounted(mount("tmpfs", entry->path, "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=4m,nr_inodes=64"), entry)) return;
  char path[PATH_MAX];
  for (size_t i = 0; i < DEVICE_COUNT; i++) {
    if (device_sources[i] < 0) continue;
    snprintf(path, sizeof path, "%s/%s", entry->path, DEVICE_LIST[i].name);
    make_target(path, DEVICE_LIST[i].is_directory);
    if (!bind_fd(device_sources[i], path, true)) note(entry->directive, errno, path);
  }
  static const char *const links[][2] = {
    { "pts/ptmx", "ptmx" }, { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" },
    { "/proc/self/fd/2", "stderr" },
  };
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    snprintf(path, sizeof path, "%s/%s", entry->path, links[i][1]);
    if (symlink(links[i][0], path) < 0) fail(STAGE_NAMESPACE, errno, path);
  }
}

static void mount_proc(const struct exec_spec *spec, const struct entry *entry) {
  char options[64];
  const char *subset = is(spec->proc_subset, "pid") ? "subset=pid" : "";
  if (spec->protect_proc != NULL) snprintf(options, sizeof options, "hidepid=%s%s%s", spec->protect_proc, *subset != '\0' ? "," : "", subset);
  else snprintf(options, sizeof options, "%s", subset);
  make_target(entry->path, true);
  if (mount("proc", entry->path, "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, options) == 0) return;
  /* A kernel before 5.8 does not know the words; a container may not mount a /proc that shows more than its own. */
  note(entry->directive, errno, entry->path);
}

/* The flags that mount(2) takes apart from the options of the file system. */
static const struct {
  const char *word;
  unsigned long set;
  unsigned long cleared;
} FLAG_WORDS[] = {
  { "ro", MS_RDONLY, 0 },         { "rw", 0, MS_RDONLY },   { "nosuid", MS_NOSUID, 0 }, { "suid", 0, MS_NOSUID },
  { "nodev", MS_NODEV, 0 },       { "dev", 0, MS_NODEV },   { "noexec", MS_NOEXEC, 0 }, { "exec", 0, MS_NOEXEC },
  { "noatime", MS_NOATIME, 0 },   { "relatime", MS_RELATIME, 0 }, { "strictatime", MS_STRICTATIME, 0 },
};

static void mount_temporary(const struct entry *entry) {
  unsigned long flags = MS_NODEV | MS_STRICTATIME;
  char data[512] = "mode=0755";
  char *options = strdup(entry->options);
  if (options == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  for (char *save = NULL, *word = strtok_r(options, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
    size_t i = 0;
    while (i < sizeof FLAG_WORDS / sizeof *FLAG_WORDS && strcmp(FLAG_WORDS[i].word, word) != 0) i++;
    if (i < sizeof FLAG_WORDS / sizeof *FLAG_WORDS) {
      flags = (flags | FLAG_WORDS[i].set) & ~FLAG_WORDS[i].cleared;
    } else {
      size_t used = strlen(data);
      snprintf(data + used, sizeof data - used, ",%s", word);
    }
  }
  free(options);
  make_target(entry->path, true);
  /* Read-only comes at the end: what belongs into it must be made first. */
  if (mounted(mount("tmpfs", entry->path, "tmpfs", flags & ~(unsigned long)MS_RDONLY, data), entry) && (flags & MS_RDONLY)) {
    ((struct entry *)entry)->read_only = true;
  }
}

/* Puts an empty directory that nobody may enter, or an empty file, over what is hidden. */
static void hide(const struct entry *entry, bool is_directory, int null_source) {
  if (is_directory) {
    mounted(mount("tmpfs", entry->path, "tmpfs", MS_RDONLY | MS_NODEV | MS_NOEXEC | MS_NOSUID, "mode=000,nr_inodes=2,size=4k"), entry);
  } else {
    mounted(bind_fd(null_source, entry->path, false) ? 0 : -1, entry);
  }
}

/* A path with a rule becomes a mount of its own, so that the rule can be put on it. */
static void bind_itself(const struct entry *entry) {
  if (strcmp(entry->path, "/") == 0) return;
  mounted(mount(entry->path, entry->path, "none", MS_BIND | MS_REC, NULL), entry);
}

static void apply(const struct exec_spec *spec, struct entry *entry, int null_source) {
  struct stat status;
  switch (entry->kind) {
    case BIND:
      if (entry->source < 0) return;
      if (entry->optional && strcmp(entry->directive, "PrivateTmp") == 0 && access(entry->path, F_OK) < 0) return;
      if (fstat(entry->source, &status) == 0) make_target(entry->path, S_ISDIR(status.st_mode));
      mounted(place_source(entry) ? 0 : -1, entry);
      return;
    case DEVICES: make_devices(entry); return;
    case PROC: mount_proc(spec, entry); return;
    case SYSFS:
      make_target(entry->path, true);
      mounted(mount("sysfs", entry->path, "sysfs", MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), entry);
      return;
    case TEMPORARY:
      if (entry->optional && access(entry->path, F_OK) < 0) return;
      mount_temporary(entry);
      return;
    default: break;
  }
  if (stat(entry->path, &status) < 0) {
    if ((errno == ENOENT || errno == ENOTDIR) && entry->optional) return;
    fail(STAGE_NAMESPACE, errno, entry->path);
  }
  if (entry->kind == HIDE) hide(entry, S_ISDIR(status.st_mode), null_source);
  else bind_itself(entry);
}

/* What the entries say of a place: the nearest that says something about writing, and about execution. */
static unsigned long restrictions(const char *place) {
  unsigned long write = 0;
  unsigned long execute = 0;
  size_t write_length = 0;
  size_t execute_length = 0;
  for (size_t i = 0; i < entry_count; i++) {
    const struct entry *entry = &entries[i];
    size_t length = strlen(entry->path);
    if (!covers(entry->path, place)) continue;
    bool says_write = entry->kind != NO_EXECUTION && entry->kind != EXECUTION && entry->kind != HIDE;
    bool says_execute = entry->kind == NO_EXECUTION || entry->kind == EXECUTION || entry->kind == DEVICES;
    /* What is mounted in a /dev of the service's own came from outside as it is. */
    if (entry->kind == DEVICES && strcmp(entry->path, place) != 0) continue;
    /* The nearest decides; on one path the stricter. */
    unsigned long of_write = entry->kind == READ_ONLY || entry->kind == DEVICES || entry->read_only ? MS_RDONLY : 0;
    if (says_write && length >= write_length) write = length > write_length ? of_write : write | of_write;
    if (says_write && length > write_length) write_length = length;
    unsigned long of_execute = entry->kind == EXECUTION ? 0 : MS_NOEXEC;
    if (says_execute && length >= execute_length) execute = length > execute_length ? of_execute : execute | of_execute;
    if (says_execute && length > execute_length) execute_length = length;
  }
  return write | execute;
}

static unsigned long flags_in_force(const char *place) {
  struct statvfs status;
  if (statvfs(place, &status) < 0) return 0;
  static const struct {
    unsigned long shown;
    unsigned long flag;
  } flags[] = { { ST_RDONLY, MS_RDONLY }, { ST_NOSUID, MS_NOSUID }, { ST_NODEV, MS_NODEV },         { ST_NOEXEC, MS_NOEXEC },
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

static void restrict_mounts(void) {
  FILE *table = fopen("/proc/self/mountinfo", "re");
  if (table == NULL) fail(STAGE_NAMESPACE, errno, "/proc/self/mountinfo");
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, table) >= 0) {
    char place[PATH_MAX];
    if (sscanf(line, "%*s %*s %*s %*s %4095s", place) != 1) continue;
    unescape(place);
    unsigned long wanted = restrictions(place);
    if (wanted == 0 || (*root != '\0' && !covers(root, place))) continue;
    if (mount("none", place, "none", MS_REMOUNT | MS_BIND | wanted | flags_in_force(place), NULL) == 0) continue;
    /* A mount hidden below another one, or on a server that is gone, cannot be reached by the service either. */
    if (errno != EINVAL && errno != ENOENT && errno != ESTALE && errno != EACCES && errno != EPERM) fail(STAGE_NAMESPACE, errno, place);
  }
  free(line);
  fclose(table);
}

static void note_all(const struct exec_spec *spec, int error) {
  if (spec->private_mounts) note("PrivateMounts", error, "");
  if (spec->mount_propagation != NULL) note("MountFlags", error, "");
  for (size_t i = 0; i < entry_count; i++) {
    bool told = false;
    for (size_t j = 0; j < i; j++) told |= strcmp(entries[j].directive, entries[i].directive) == 0;
    if (!told) note(entries[i].directive, error, "");
  }
  if (spec->private_tmp != NULL) note("PrivateTmp", error, "");
}

static void set_propagation(const struct exec_spec *spec) {
  unsigned long flag = is(spec->mount_propagation, "slave") ? MS_SLAVE : is(spec->mount_propagation, "private") ? MS_PRIVATE : MS_SHARED;
  if (mount("none", "/", "none", MS_REC | flag, NULL) < 0) fail(STAGE_NAMESPACE, errno, "MountFlags");
}

void set_up_mounts(const struct exec_spec *spec) {
  root = spec->root_directory != NULL && strcmp(spec->root_directory, "/") != 0 ? spec->root_directory : "";
  collect(spec);
  bool propagation_asked = spec->mount_propagation != NULL && strcmp(spec->mount_propagation, "shared") != 0;
  if (entry_count == 0 && spec->private_tmp == NULL && !spec->private_mounts && !propagation_asked) return;
  if (unshare(CLONE_NEWNS) < 0) {
    if (errno != EPERM && errno != ENOSYS) fail(STAGE_NAMESPACE, errno, "unshare");
    note_all(spec, errno);
    return;
  }
  /* Slave: what is mounted outside later still appears, what is done here stays here. */
  if (mount("none", "/", "none", MS_SLAVE | MS_REC, NULL) < 0) fail(STAGE_NAMESPACE, errno, "/");
  if (*root != '\0' && mount(root, root, "none", MS_BIND | MS_REC, NULL) < 0) fail(STAGE_NAMESPACE, errno, root);
  if (spec->private_tmp != NULL) {
    add_private(spec->private_tmp, "tmp", "/tmp");
    add_private(spec->private_tmp, "var-tmp", "/var/tmp");
  }
  int null_source = open_source("/dev/null");
  if (spec->private_devices) open_devices();
  open_sources();
  arrange();
  for (size_t i = 0; i < entry_count; i++) {
    bool is_mount = entries[i].kind < READ_ONLY;
    /* One mount for each path: the first of them, and a rule needs none where there is one already. */
    if (i > 0 && strcmp(entries[i].path, entries[i - 1].path) == 0 && (is_mount || entries[i - 1].kind < READ_ONLY)) continue;
    apply(spec, &entries[i], null_source);
  }
  restrict_mounts();
  set_propagation(spec);
}
