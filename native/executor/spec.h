/*
 * The specification of one process, as the manager writes it into a memfd (src/host/exec-spec.ts).
 *
 *   specification = "HWEXEC1\n" record*
 *   record        = key-length:u32 value-length:u32 key NUL value NUL        (little-endian; lengths without the NULs)
 *
 * The NULs make every key and value a C string where it lies. A value of several fields has a NUL between them. A key that may
 * come more than once makes a list, in order. An unknown key is a failure: it would be a promise not kept.
 */
#ifndef HEARTWOOD_EXECUTOR_SPEC_H
#define HEARTWOOD_EXECUTOR_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

struct texts {
  char **items;
  size_t count;
};

/* Bytes of the specification, with a NUL behind them. */
struct field {
  const char *bytes;
  size_t length;
};

struct fields {
  struct field *items;
  size_t count;
};

struct numbers {
  int *items;
  size_t count;
};

struct optional_number {
  bool given;
  int value;
};

struct exec_spec {
  /* The program: an absolute path, or a name to look for in `search`. */
  const char *path;
  struct texts search;
  struct texts arguments;
  /* Expand $NAME and ${NAME} in the arguments. */
  bool expand;

  /* The environment in three layers, later ones win: `base_environment`, what the executor knows (HOME, RUNTIME_DIRECTORY, …),
   * `environment`. Of `pid_variables` each gets the pid of the service as its value. */
  struct texts base_environment;
  struct texts environment;
  struct texts pid_variables;
  struct texts unset;

  /* Descriptors that become 3, 4, … */
  struct numbers fds;

  const char *user;
  const char *group;
  struct texts supplementary_groups;

  /* Of each: "inherit", "null", "read" PATH, "write" PATH, "append" PATH, "truncate" PATH, "tty", "tty-force", "tty-fail", "data",
   * or "duplicate" FD of an earlier stream. */
  struct field streams[3];
  struct field stdin_data;
  const char *tty_path;
  bool tty_reset;
  bool tty_hangup;
  struct optional_number tty_rows;
  struct optional_number tty_columns;

  /* RESOURCE SOFT HARD; "infinity" or a number. */
  struct fields limits;
  struct optional_number nice;
  struct optional_number oom_score_adjust;
  struct optional_number io_class;
  struct optional_number io_priority;
  struct optional_number scheduling_policy;
  struct optional_number scheduling_priority;
  struct numbers cpus;
  mode_t umask;

  /* KIND ROOT PATH MODE LINK… (MODE in octal; KIND: runtime, state, cache, logs, configuration). */
  struct fields directories;

  /* PATH MODE of directories that are made when they are missing. */
  struct fields made_directories;

  const char *working_directory;
  bool working_directory_home;
  bool working_directory_optional;
  const char *root_directory;

  bool has_bounding_set;
  struct numbers bounding_set;
  struct numbers ambient_set;
  bool no_new_privileges;
  /* Stays in the process group it was born in. */
  bool same_group;

  /* A directory of the unit's own that holds its /tmp and /var/tmp. */
  const char *private_tmp;
  const char *protect_system;
  const char *protect_home;
  struct texts read_only_paths;
  struct texts read_write_paths;
  struct texts inaccessible_paths;
  struct texts exec_paths;
  struct texts no_exec_paths;
  /* PATH OPTIONS */
  struct fields temporary_file_systems;
  /* SOURCE DESTINATION FLAGS: `o` what is missing is no error, `n` without the mounts below, `r` read-only. */
  struct fields binds;
  bool private_devices;
  bool private_mounts;
  bool mount_api_vfs;
  bool protect_kernel_tunables;
  bool protect_kernel_modules;
  bool protect_kernel_logs;
  bool protect_control_groups;
  /* NULL: as the manager sees it. */
  const char *protect_proc;
  const char *proc_subset;
  /* shared, slave or private */
  const char *mount_propagation;

  bool private_users;
  bool protect_hostname;
  /* Of the network and IPC name spaces: the file that keeps it while the unit runs, then files of units to share with. */
  struct texts network_keepers;
  struct texts ipc_keepers;
  const char *network_path;
  const char *ipc_path;

  /* DIRECTIVE, then the bytes of the program. */
  struct fields filters;

  const char *keyring;
  struct optional_number secure_bits;
  struct optional_number personality;
  const char *timer_slack;
  const char *coredump_filter;
  bool reset_on_fork;

  /* Where the credentials go; NULL = there are none. */
  const char *credentials_directory;
  /* ID KIND CONTENT; KIND: `set` with the content, `load` with a path, `optional` the same when another of that name is a fallback. */
  struct fields credentials;
  /* Directories in which relative paths of credentials are looked for. */
  struct texts credential_search;
};

/* Reads the specification from a memfd. Fails with STAGE_SPECIFICATION; the report descriptor is set up on the way. */
void read_spec(int fd, struct exec_spec *spec);

/* The field after `field` within `whole`, or NULL when there is none. `field` NULL gives the first. */
const char *next_field(struct field whole, const char *field);

/* A decimal number; anything else is a broken specification. */
long parse_number(const char *text, long lowest, long highest, const char *subject);

/* Memory for `count` items of `size`; fails with STAGE_MEMORY. */
void *allocate(size_t count, size_t size);

/* Adds to a list that has room for a power of two. */
void append_text(struct texts *texts, char *text);

#endif
