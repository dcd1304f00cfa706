/** The loads there are; all.ts has one for each. */
export type LoadName =
  | 'boot-1' | 'boot-10' | 'boot-100' | 'boot-1000' | 'chain' | 'restart' | 'control' | 'orphans' | 'stop' | 'idle' | 'churn' | 'log'
  | 'dark-100' | 'dark-1000' | 'checkpoint';
