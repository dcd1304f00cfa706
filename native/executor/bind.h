/* `initctl bind`: a file or directory of the machine into the mount name space of a service that runs. */
#ifndef HEARTWOOD_EXECUTOR_BIND_H
#define HEARTWOOD_EXECUTOR_BIND_H

#include <stdnoreturn.h>

/*
 * Binds the words' first path, of this process's mount name space, to the second, below the root of a service; more words are options:
 * `read-only`, and `mkdir` to make what is missing of the second path. The program is started for this alone, with the report on the standard
 * output, the service's mount name space as descriptor 3 and its root directory as descriptor 4. Exits with 0, or reports.
 *
 * What the source is not is told at stage `fds`, what the service's side refuses at stage `namespace`.
 */
noreturn void bind_into_service(char *const *words);

#endif
