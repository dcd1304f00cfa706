/** OpenFile=: a file or Unix socket the manager opens for a service. Source: systemd.service(5) 253. */
export interface OpenFile {
  readonly path: string;
  /** What the service is told in $LISTEN_FDNAMES. */
  readonly name: string;
  readonly access: 'read-write' | 'read-only' | 'append' | 'truncate';
  /** Without it the service starts all the same. */
  readonly isOptional: boolean;
}
