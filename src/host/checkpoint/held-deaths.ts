/** A message or signal that so many engines died of before they had told of it is left out: it would make the next one die, too. */
export const HELD_DEATHS_MAX = 2;
