/** What `help COMMAND` says. */
export const HELP_TEXTS: Readonly<Record<string, string>> = {
  start: 'start [args] -- Start the daemon process.\n         If it is already running, that is said.\n         Further words are added to the arguments of the program.',
  stop: 'stop -- Stop the daemon process.\n        If it is not running, that is said.',
  restart: 'restart -- Stop and then start the daemon process.',
  status: 'status [-l] -- Print status for the daemon process.\n               With -l, show raw status output as well.',
  kill: 'kill [sig] -- Send signal sig to the daemon process.\n              The default signal is SIGTERM. A number or a name will do.',
  foreground: 'foreground [args] -- Run the program in the foreground.\n                     Further words are added to the arguments of the program.',
  fg: 'fg [args] -- an alias for foreground.',
  reopen_transcript: 'reopen_transcript -- Reopen the transcript log file.\n                     Use after it was renamed.',
  logreopen: 'logreopen -- Send a SIGUSR2 signal to the daemon process,\n             and reopen the transcript.',
  logtail: 'logtail [logfile] -- Run tail -f on the given logfile.\n                     A default file may exist.\n                     Hit ^C to exit this mode.',
  wait: 'wait -- Wait for the daemon process to exit.',
  show: 'show [options|python|all] -- Show what is known: the options, what runs this, or both.',
  help: 'help [command] -- List the commands, or print what a command does.',
  quit: 'quit -- Exit the prompt. The daemon process is not stopped.',
  exit: 'exit -- an alias for quit.',
  EOF: 'To quit, type ^D or use the quit command.',
};

export const COMMAND_LIST = `
Documented commands (type help <topic>):
========================================
${Object.keys(HELP_TEXTS).sort().join('  ')}
`;
