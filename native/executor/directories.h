/* RuntimeDirectory= and kin: systemd.exec(5). */
#ifndef HEARTWOOD_EXECUTOR_DIRECTORIES_H
#define HEARTWOOD_EXECUTOR_DIRECTORIES_H

#include "executor/spec.h"

/* One `directory` record, read. */
struct service_directory {
  enum directory_kind { RUNTIME, STATE, CACHE, LOGS, CONFIGURATION } kind;
  /* ROOT/PATH */
  char *path;
  mode_t mode;
};

/* The record at `index`. Its links are read by set_up_directories alone. */
struct service_directory read_directory(const struct exec_spec *spec, size_t index);

/*
 * Makes what is missing of the plain directories, and every directory of the service: its parents with mode 0755, itself with the mode wanted and the owner given, its links. One that exists
 * gets the mode; when its owner is another, its whole tree gets the owner. A configuration directory that exists is left alone.
 */
void set_up_directories(const struct exec_spec *spec, uid_t uid, gid_t gid);

/* The variable that names the directories of a kind to the service: RUNTIME_DIRECTORY, …. */
const char *directory_variable(enum directory_kind kind);

#endif
