/* Name spaces other than that of mounts: network, IPC, host name, users. systemd.exec(5), "Sandboxing". */
#ifndef HEARTWOOD_EXECUTOR_NAMESPACES_H
#define HEARTWOOD_EXECUTOR_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

#include "executor/spec.h"

/*
 * PrivateNetwork=, NetworkNamespacePath=, PrivateIPC=, IPCNamespacePath=, ProtectHostname=; notes what the privileges do not allow.
 * Without privileges PrivateUsers= comes first, because it gives them; returns whether it has been done.
 */
bool set_up_namespaces(const struct exec_spec *spec);

/* PrivateUsers=: root and the service's own user and group stay, all others become nobody. */
void enter_private_users(uid_t uid, gid_t gid);

#endif
