/** Address families by name. Source: socket(2), address_families(7). */

/** Of two names of a number the first is the one that is shown. */
const FAMILIES: readonly (readonly [name: string, number: number])[] = [
  ['UNIX', 1], ['LOCAL', 1], ['FILE', 1], ['INET', 2], ['AX25', 3], ['IPX', 4], ['APPLETALK', 5], ['NETROM', 6], ['BRIDGE', 7], ['ATMPVC', 8], ['X25', 9],
  ['INET6', 10], ['ROSE', 11], ['DECnet', 12], ['NETBEUI', 13], ['SECURITY', 14], ['KEY', 15], ['NETLINK', 16], ['ROUTE', 16], ['PACKET', 17],
  ['ASH', 18], ['ECONET', 19], ['ATMSVC', 20], ['RDS', 21], ['SNA', 22], ['IRDA', 23], ['PPPOX', 24], ['WANPIPE', 25], ['LLC', 26], ['IB', 27],
  ['MPLS', 28], ['CAN', 29], ['TIPC', 30], ['BLUETOOTH', 31], ['IUCV', 32], ['RXRPC', 33], ['ISDN', 34], ['PHONET', 35], ['IEEE802154', 36],
  ['CAIF', 37], ['ALG', 38], ['NFC', 39], ['VSOCK', 40], ['KCM', 41], ['QIPCRTR', 42], ['SMC', 43], ['XDP', 44], ['MCTP', 45],
];

/** All names, as `AF_INET6`. */
export function addressFamilyNames(): readonly string[] {
  return FAMILIES.map(([name]) => `AF_${name}`);
}

/** `AF_INET6`, in any case; null when there is no such family. */
export function parseAddressFamily(text: string): number | null {
  const wanted = text.toUpperCase();
  return FAMILIES.find(([name]) => `AF_${name.toUpperCase()}` === wanted)?.[1] ?? null;
}

export function addressFamilyName(number: number): string {
  return `AF_${FAMILIES.find((family) => family[1] === number)?.[0] ?? String(number)}`;
}
