/*
 * The rescue program in the manager's place, for who dies before the manager's own guard stands: the launcher, and Node while it starts.
 */
#pragma once

#include <stdbool.h>

/*
 * Whether the end of this process would be more than its own end: it is process 1 of a machine, or services run that an engine before it
 * has started. A container that cannot even begin has nothing to lose, and its owner is waiting for the status.
 */
bool must_not_end(void);

/*
 * Prepares the command line, so that nothing is allocated later.
 *
 * directory   of the launcher and the rescue program
 * argc, argv  how the launcher was called; both must stay where they are
 * returns     false when there is no rescue program, or no memory
 */
bool rescue_prepare(const char *directory, int argc, char **argv);

/* Executes what was prepared; async-signal-safe. Returns when it cannot be. `reason` completes "the manager cannot go on: …". */
void rescue_execute(char *reason, char **environment);

/* Reaps for ever when this is process 1, because nothing else can be done for it; ends any other process. Async-signal-safe. */
_Noreturn void stay_or_end(int status);
