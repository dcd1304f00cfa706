#include "executor/spec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/report.h"

/* Arguments and environment take 6 MB at most (execve(2)); the rest is small. */
enum { SPEC_BYTES_MAX = 8 << 20 };
static const char MAGIC[] = "HWEXEC1\n";
enum { MAGIC_LENGTH = sizeof MAGIC - 1, RECORD_OVERHEAD = 2 * sizeof(uint32_t) + 2 };

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  if (memory == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  return memory;
}

/* Makes room for one more item: lists grow at every power of two, which needs no capacity beside the count. */
static void *grown(void *items, size_t count, size_t size) {
  if ((count & (count - 1)) != 0) return items;
  void *larger = realloc(items, (count == 0 ? 1 : count * 2) * size);
  if (larger == NULL) fail(STAGE_MEMORY, ENOMEM, "");
  return larger;
}

void append_text(struct texts *texts, char *text) {
  texts->items = grown(texts->items, texts->count, sizeof *texts->items);
  texts->items[texts->count++] = text;
}

static void append_field(struct fields *fields, struct field field) {
  fields->items = grown(fields->items, fields->count, sizeof *fields->items);
  fields->items[fields->count++] = field;
}

static void append_number(struct numbers *numbers, int number) {
  numbers->items = grown(numbers->items, numbers->count, sizeof *numbers->items);
  numbers->items[numbers->count++] = number;
}

long parse_number(const char *text, long lowest, long highest, const char *subject) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || number < lowest || number > highest) fail(STAGE_SPECIFICATION, EINVAL, subject);
  return number;
}

const char *next_field(struct field whole, const char *field) {
  if (field == NULL) return whole.bytes;
  const char *next = field + strlen(field) + 1;
  return next <= whole.bytes + whole.length ? next : NULL;
}

static bool parse_boolean(const char *value, const char *key) { return parse_number(value, 0, 1, key) != 0; }

static struct optional_number parse_optional(const char *value, const char *key) {
  return (struct optional_number){ true, (int)parse_number(value, INT32_MIN, INT32_MAX, key) };
}

struct key {
  const char *name;
  enum { TEXT, TEXTS, FIELD, FIELDS, NUMBERS, NUMBER, BOOLEAN, OCTAL, REPORT } kind;
  size_t offset;
};

#define AT(member) offsetof(struct exec_spec, member)

static const struct key KEYS[] = {
  { "report", REPORT, 0 },
  { "path", TEXT, AT(path) },
  { "search", TEXTS, AT(search) },
  { "argument", TEXTS, AT(arguments) },
  { "expand", BOOLEAN, AT(expand) },
  { "base-environment", TEXTS, AT(base_environment) },
  { "environment", TEXTS, AT(environment) },
  { "pid-variable", TEXTS, AT(pid_variables) },
  { "unset", TEXTS, AT(unset) },
  { "fd", NUMBERS, AT(fds) },
  { "user", TEXT, AT(user) },
  { "group", TEXT, AT(group) },
  { "supplementary-group", TEXTS, AT(supplementary_groups) },
  { "stdin", FIELD, AT(streams[0]) },
  { "stdout", FIELD, AT(streams[1]) },
  { "stderr", FIELD, AT(streams[2]) },
  { "stdin-data", FIELD, AT(stdin_data) },
  { "tty-path", TEXT, AT(tty_path) },
  { "tty-reset", BOOLEAN, AT(tty_reset) },
  { "tty-hangup", BOOLEAN, AT(tty_hangup) },
  { "tty-rows", NUMBER, AT(tty_rows) },
  { "tty-columns", NUMBER, AT(tty_columns) },
  { "limit", FIELDS, AT(limits) },
  { "nice", NUMBER, AT(nice) },
  { "oom-score-adjust", NUMBER, AT(oom_score_adjust) },
  { "io-class", NUMBER, AT(io_class) },
  { "io-priority", NUMBER, AT(io_priority) },
  { "scheduling-policy", NUMBER, AT(scheduling_policy) },
  { "scheduling-priority", NUMBER, AT(scheduling_priority) },
  { "cpu", NUMBERS, AT(cpus) },
  { "umask", OCTAL, AT(umask) },
  { "directory", FIELDS, AT(directories) },
  { "make-directory", FIELDS, AT(made_directories) },
  { "working-directory", TEXT, AT(working_directory) },
  { "working-directory-home", BOOLEAN, AT(working_directory_home) },
  { "working-directory-optional", BOOLEAN, AT(working_directory_optional) },
  { "root-directory", TEXT, AT(root_directory) },
  { "has-bounding-set", BOOLEAN, AT(has_bounding_set) },
  { "bounding-capability", NUMBERS, AT(bounding_set) },
  { "ambient-capability", NUMBERS, AT(ambient_set) },
  { "no-new-privileges", BOOLEAN, AT(no_new_privileges) },
  { "same-group", BOOLEAN, AT(same_group) },
  { "private-tmp", TEXT, AT(private_tmp) },
  { "protect-system", TEXT, AT(protect_system) },
  { "protect-home", TEXT, AT(protect_home) },
  { "read-only-path", TEXTS, AT(read_only_paths) },
  { "read-write-path", TEXTS, AT(read_write_paths) },
  { "inaccessible-path", TEXTS, AT(inaccessible_paths) },
  { "exec-path", TEXTS, AT(exec_paths) },
  { "no-exec-path", TEXTS, AT(no_exec_paths) },
  { "temporary-file-system", FIELDS, AT(temporary_file_systems) },
  { "bind", FIELDS, AT(binds) },
  { "private-devices", BOOLEAN, AT(private_devices) },
  { "private-mounts", BOOLEAN, AT(private_mounts) },
  { "mount-api-vfs", BOOLEAN, AT(mount_api_vfs) },
  { "protect-kernel-tunables", BOOLEAN, AT(protect_kernel_tunables) },
  { "protect-kernel-modules", BOOLEAN, AT(protect_kernel_modules) },
  { "protect-kernel-logs", BOOLEAN, AT(protect_kernel_logs) },
  { "protect-control-groups", BOOLEAN, AT(protect_control_groups) },
  { "protect-proc", TEXT, AT(protect_proc) },
  { "proc-subset", TEXT, AT(proc_subset) },
  { "mount-propagation", TEXT, AT(mount_propagation) },
  { "private-users", BOOLEAN, AT(private_users) },
  { "protect-hostname", BOOLEAN, AT(protect_hostname) },
  { "network-keeper", TEXTS, AT(network_keepers) },
  { "ipc-keeper", TEXTS, AT(ipc_keepers) },
  { "network-path", TEXT, AT(network_path) },
  { "ipc-path", TEXT, AT(ipc_path) },
  { "filter", FIELDS, AT(filters) },
  { "keyring", TEXT, AT(keyring) },
  { "secure-bits", NUMBER, AT(secure_bits) },
  { "personality", NUMBER, AT(personality) },
  { "timer-slack", TEXT, AT(timer_slack) },
  { "coredump-filter", TEXT, AT(coredump_filter) },
  { "reset-on-fork", BOOLEAN, AT(reset_on_fork) },
  { "credentials-directory", TEXT, AT(credentials_directory) },
  { "credential", FIELDS, AT(credentials) },
  { "credential-search", TEXTS, AT(credential_search) },
};

static void take_record(struct exec_spec *spec, const char *key, struct field value) {
  for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
    if (strcmp(KEYS[i].name, key) != 0) continue;
    void *place = (char *)spec + KEYS[i].offset;
    switch (KEYS[i].kind) {
      case TEXT: *(const char **)place = value.bytes; return;
      case TEXTS: append_text(place, (char *)value.bytes); return;
      case FIELD: *(struct field *)place = value; return;
      case FIELDS: append_field(place, value); return;
      case NUMBERS: append_number(place, (int)parse_number(value.bytes, 0, INT32_MAX, key)); return;
      case NUMBER: *(struct optional_number *)place = parse_optional(value.bytes, key); return;
      case BOOLEAN: *(bool *)place = parse_boolean(value.bytes, key); return;
      case OCTAL: *(mode_t *)place = (mode_t)strtoul(value.bytes, NULL, 8) & 0777; return;
      case REPORT: report_to((int)parse_number(value.bytes, 0, INT32_MAX, key)); return;
    }
  }
  fail(STAGE_SPECIFICATION, EINVAL, key);
}

static uint32_t read_length(const char *place) {
  const unsigned char *bytes = (const unsigned char *)place;
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void read_spec(int fd, struct exec_spec *spec) {
  struct stat status;
  if (fstat(fd, &status) < 0) fail(STAGE_SPECIFICATION, errno, "memfd");
  size_t size = (size_t)status.st_size;
  if (status.st_size < MAGIC_LENGTH || size > SPEC_BYTES_MAX) fail(STAGE_SPECIFICATION, EMSGSIZE, "memfd");
  /* Private, because the strings are changed in place; never unmapped, because everything points into it. */
  char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) fail(STAGE_SPECIFICATION, errno, "memfd");
  close(fd);
  if (memcmp(bytes, MAGIC, MAGIC_LENGTH) != 0) fail(STAGE_SPECIFICATION, EBADMSG, "magic");
  for (size_t at = MAGIC_LENGTH; at < size;) {
    if (size - at < RECORD_OVERHEAD) fail(STAGE_SPECIFICATION, EBADMSG, "record");
    size_t key_length = read_length(bytes + at);
    size_t value_length = read_length(bytes + at + sizeof(uint32_t));
    if (key_length + value_length > size - at - RECORD_OVERHEAD) fail(STAGE_SPECIFICATION, EBADMSG, "record");
    const char *key = bytes + at + 2 * sizeof(uint32_t);
    const char *value = key + key_length + 1;
    if (key[key_length] != '\0' || value[value_length] != '\0') fail(STAGE_SPECIFICATION, EBADMSG, "record");
    take_record(spec, key, (struct field){ value, value_length });
    at += RECORD_OVERHEAD + key_length + value_length;
  }
  if (spec->path == NULL || spec->arguments.count == 0) fail(STAGE_SPECIFICATION, EINVAL, "path");
}
