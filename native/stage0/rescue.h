/*
 * The rescue program: what process 1 becomes when the manager cannot be executed, or dies again and again without getting anything done.
 * Services run on as they are. Nobody restarts them, but everything else that only process 1 can do is done here.
 */
#ifndef HEARTWOOD_STAGE0_RESCUE_H
#define HEARTWOOD_STAGE0_RESCUE_H

/*
 * Never returns to a caller and ends only where an end was asked for.
 *
 *   REASON [--control FD] [-- PATH ARGV…]
 *
 * REASON is shown to whoever asks. FD is the listening control socket of the manager. PATH with ARGV (its own name first) starts the
 * manager again; the environment is handed on as it is, and all descriptors are.
 */
_Noreturn void rescue(char **words);

#endif
