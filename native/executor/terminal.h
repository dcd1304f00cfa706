/* Getting a terminal: systemd.exec(5), StandardInput=tty, TTYPath=, TTYReset=, TTYVHangup=. */
#ifndef HEARTWOOD_EXECUTOR_TERMINAL_H
#define HEARTWOOD_EXECUTOR_TERMINAL_H

#include <sys/types.h>

#include "executor/report.h"
#include "executor/spec.h"

enum acquire {
  /* Only open it. */
  ACQUIRE_NOT,
  /* Take it away from whoever has it. */
  ACQUIRE_FORCE,
  /* Fail when somebody has it. */
  ACQUIRE_OR_FAIL,
  /* Wait until it is free. */
  ACQUIRE_WAIT,
};

/* TTYVHangup=, TTYReset=, TTYRows= and TTYColumns=, before the terminal is used. */
void prepare_terminal(const struct exec_spec *spec);

/* An open descriptor of the terminal, made the controlling one as `how` says. */
int open_terminal(const struct exec_spec *spec, enum acquire how, enum stage stage);


/* A terminal that is standard input belongs to the user the program runs as, who may then open it by its name. */
void give_terminal(const struct exec_spec *spec, uid_t uid);

#endif
