/* The environment block, and the variables in command lines: systemd.exec(5) "Environment", systemd.service(5) "Command Lines". */
#ifndef HEARTWOOD_EXECUTOR_ENVIRONMENT_H
#define HEARTWOOD_EXECUTOR_ENVIRONMENT_H

#include "executor/credentials.h"
#include "executor/spec.h"

/* The layers merged, ended by NULL. */
char **make_environment(const struct exec_spec *spec, const struct identity *identity);

/*
 * The arguments, ended by NULL, with variables expanded when the specification says so. `${NAME}` anywhere becomes the value;
 * `$NAME` as a whole argument becomes as many arguments as the value has words; `$$` is a dollar sign. The first argument, which
 * names the program, stays as it is.
 */
char **make_arguments(const struct exec_spec *spec, char **environment);

#endif
