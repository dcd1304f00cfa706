/* Places in the checkpoint's memory that C programs read; checkpoint-layout.h holds them against the structure. */
#pragma once

/* Of the control socket's number, 32 bits. */
#define CHECKPOINT_CONTROL_FD_OFFSET 20
