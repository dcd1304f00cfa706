/* A mount name space of the service's own: systemd.exec(5), "Sandboxing". */
#ifndef HEARTWOOD_EXECUTOR_MOUNTS_H
#define HEARTWOOD_EXECUTOR_MOUNTS_H

#include "executor/spec.h"

/* PrivateTmp=, ProtectSystem=, ProtectHome=, ReadOnlyPaths=, ReadWritePaths=, InaccessiblePaths=. Does nothing when none is set;
 * notes what the privileges do not allow. */
void set_up_mounts(const struct exec_spec *spec);

#endif
