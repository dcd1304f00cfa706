/* The last steps: working directory, descriptors, exec. */
#ifndef HEARTWOOD_EXECUTOR_PROGRAM_H
#define HEARTWOOD_EXECUTOR_PROGRAM_H

#include <stdnoreturn.h>

#include "executor/credentials.h"
#include "executor/spec.h"

/* RootDirectory=: everything after it happens below. */
void change_root(const struct exec_spec *spec);

/* WorkingDirectory=, seen from the new root and by the new user. */
void change_directory(const struct exec_spec *spec, const struct identity *identity);

/* Puts the passed descriptors in their places and executes the program. */
noreturn void execute(const struct exec_spec *spec, char **arguments, char **environment);

#endif
