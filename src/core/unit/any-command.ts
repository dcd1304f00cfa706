/** The name of the command that stands for every name a service has no other command for; it gets the name as its first word. */
export const ANY_COMMAND = '*';
