/*
 * The control socket in the rescue program. Clients that knew the manager find it here: the verbs of power work, daemon-reexec starts
 * the manager again, everything else is told why it cannot be done.
 */
#ifndef HEARTWOOD_STAGE0_RESCUE_CONTROL_H
#define HEARTWOOD_STAGE0_RESCUE_CONTROL_H

#include <poll.h>
#include <stddef.h>

#include "stage0/rescue-power.h"

enum wish { WISH_NOTHING, WISH_START, WISH_POWEROFF, WISH_REBOOT, WISH_HALT, WISH_EXIT };

/* Clients at a time; more wait to be accepted. */
enum { RESCUE_CLIENTS_MAX = 8 };

/* Takes over the listening socket. `reason` must stay. */
void control_open(int listener, const char *reason);

/* Writes what to poll for; returns how many entries, at most RESCUE_CLIENTS_MAX + 1. */
size_t control_polled(struct pollfd *into);

/* Serves what is ready. Returns what somebody who may wish it wishes: it has been answered. */
enum wish control_serve(const struct pollfd *polled, size_t count);

#endif
