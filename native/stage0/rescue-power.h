/* Ends: of services, of the machine or container, of the rescue program itself. */
#ifndef HEARTWOOD_STAGE0_RESCUE_POWER_H
#define HEARTWOOD_STAGE0_RESCUE_POWER_H

#include <stdbool.h>

enum goal { GOAL_POWEROFF, GOAL_REBOOT, GOAL_HALT, GOAL_EXIT };

/* One line to the console, and to the kernel's log of a machine. */
void rescue_say(const char *text);

/* A container or a session, which ends with this process; a machine otherwise. */
bool rescue_is_contained(void);

/* Waits for every child that has ended. */
void rescue_reap(void);

/* SIGTERM, some seconds of patience, SIGKILL; to every process but this one, or, when this is not process 1, to every child. */
void rescue_stop_all(void);

/* Stops everything, writes the disks, and ends. A machine whose kernel refuses that stays, because process 1 must not end. */
_Noreturn void rescue_end(enum goal goal);

#endif
