/*
 * unit-executor: stands between the manager's clone and the service's program.
 *
 *   unit-executor SPEC-FD
 *   unit-executor --bind SOURCE TARGET [read-only] [mkdir]        see bind.h
 *
 * The manager starts it (with the child's session, control group and descriptors in place) whenever a unit asks for more than the
 * few system calls the manager's own child may make: what can block, what needs name look-ups, what may fail in many ways. It
 * is one thread that does one thing after the other and ends in exec. What it does is written in the specification (spec.h), how
 * it went goes to the report descriptor (report.h).
 *
 * The order is forced by what each step takes away: names before the root changes, streams and directories while there are still
 * privileges to open and to chown, name spaces and mounts before the user changes, the working directory after it, and the filters of
 * system calls last, because they may forbid any of the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/bind.h"
#include "executor/credential-files.h"
#include "executor/credentials.h"
#include "executor/directories.h"
#include "executor/environment.h"
#include "executor/mounts.h"
#include "executor/namespaces.h"
#include "executor/program.h"
#include "executor/report.h"
#include "executor/resources.h"
#include "executor/spec.h"
#include "executor/streams.h"
#include "executor/terminal.h"

/* A session of its own keeps the service's terminal signals away from everybody else. */
static void lead_session(void) {
  if (setsid() < 0 && getsid(0) != getpid()) fail(STAGE_SETSID, errno, "");
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--bind") == 0) bind_into_service(argv + 2);
  if (argc != 2) fail(STAGE_SPECIFICATION, EINVAL, "arguments");
  struct exec_spec spec = { .umask = 0022 };
  read_spec(atoi(argv[1]), &spec);

  if (!spec.same_group) lead_session();
  umask(spec.umask);
  struct identity identity = find_identity(&spec);
  prepare_terminal(&spec);
  set_up_streams(&spec);
  if (identity.has_user) give_terminal(&spec, identity.uid);
  apply_resources(&spec);
  set_up_directories(&spec, identity.uid, identity.gid);
  set_up_credential_files(&spec, identity.uid, identity.gid);
  char **environment = make_environment(&spec, &identity);
  char **arguments = make_arguments(&spec, environment);
  bool users_are_private = set_up_namespaces(&spec);
  set_up_mounts(&spec);
  change_root(&spec);
  apply_credentials(&spec, &identity, users_are_private);
  change_directory(&spec, &identity);
  execute(&spec, arguments, environment);
}
