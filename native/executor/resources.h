/* Limits, priorities and scheduling: systemd.exec(5), "Process Properties" and "Scheduling". */
#ifndef HEARTWOOD_EXECUTOR_RESOURCES_H
#define HEARTWOOD_EXECUTOR_RESOURCES_H

#include "executor/spec.h"

/*
 * Must come before the credentials are dropped. What only lacks the privilege is noted, and the nearest thing allowed is done:
 * a container without CAP_SYS_RESOURCE still runs the service.
 */
void apply_resources(const struct exec_spec *spec);

#endif
