/* Standard input, output and error: systemd.exec(5), "Logging and Standard Input/Output". */
#ifndef HEARTWOOD_EXECUTOR_STREAMS_H
#define HEARTWOOD_EXECUTOR_STREAMS_H

#include "executor/spec.h"

/* Descriptors 0 to 2 as the specification wants them. May wait: for a terminal somebody else holds, for the reader of a FIFO. */
void set_up_streams(const struct exec_spec *spec);

#endif
