/** Something about the machine or the sources keeps the build from going on. The message is for the person at the terminal. */
export class SetUpError extends Error {}
