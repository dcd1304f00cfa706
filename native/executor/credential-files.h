/* LoadCredential= and SetCredential=: systemd.exec(5), "Credentials". */
#ifndef HEARTWOOD_EXECUTOR_CREDENTIAL_FILES_H
#define HEARTWOOD_EXECUTOR_CREDENTIAL_FILES_H

#include "executor/spec.h"

/* Writes each credential into a file that only the service's user can read. Does nothing when there are none. */
void set_up_credential_files(const struct exec_spec *spec, uid_t uid, gid_t gid);

#endif
