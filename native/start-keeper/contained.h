/* Whether this is a container, by the signs that src/init/choose-mode.ts goes by; asked where the manager itself cannot be. */
#pragma once

#include <stdbool.h>

/* Of process 1: of a container, not of a machine. */
bool is_contained(void);
