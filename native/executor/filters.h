/* Filters of system calls: seccomp(2). */
#ifndef HEARTWOOD_EXECUTOR_FILTERS_H
#define HEARTWOOD_EXECUTOR_FILTERS_H

#include "executor/spec.h"

/* Installs all filters. A kernel without them is noted. What comes after this must be exec and nothing else. */
void install_filters(const struct exec_spec *spec);

#endif
