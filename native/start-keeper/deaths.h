/* A program that must not end, and dies while it starts, is started again. */
#pragma once

/* argv: of this program, which is Node with the manager as its script. To be called before anything else of the program runs. */
void keep_alive(int argc, char **argv);

/*
 * The manager's start is over as far as can be told from outside: a hang is no longer told by the time that has passed.
 * guarded: it looks after itself from now on (addon/crash.cc).
 */
__attribute__((visibility("default"))) void heartwood_start_is_over(int guarded);
