/* Getting a terminal: systemd.exec(5), StandardInput=tty, TTYPath=, TTYReset=, TTYVHangup=. */
#ifndef HEARTWOOD_EXECUTOR_TERMINAL_H
#define HEARTWOOD_EXECUTOR_TERMINAL_H

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

/* TTYVHangup= and TTYReset=, before the terminal is used. */
void prepare_terminal(const struct exec_spec *spec);

/* An open descriptor of the terminal, made the controlling one as `how` says. */
int open_terminal(const struct exec_spec *spec, enum acquire how, enum stage stage);

#endif
