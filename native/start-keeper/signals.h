/* Signals that were blocked when the program was executed stay blocked, whatever the program asks for at its start. */
#pragma once

/* To be called first, before anything else of the program runs. */
void keep_signals(void);
