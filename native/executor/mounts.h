/* A mount name space of the service's own: systemd.exec(5), "Sandboxing". */
#ifndef HEARTWOOD_EXECUTOR_MOUNTS_H
#define HEARTWOOD_EXECUTOR_MOUNTS_H

#include "executor/spec.h"

/*
 * All that systemd.exec(5) says about what a service sees and may write in the file system, below RootDirectory= when there is one.
 * Does nothing when nothing is asked for; notes what the privileges do not allow.
 */
void set_up_mounts(const struct exec_spec *spec);

#endif
