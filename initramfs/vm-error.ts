/**
 * Something about the machine or the guest keeps the virtual machine from doing its work. The message is for the person at the
 * terminal: what is wrong and, where there is one, the command that mends it.
 */
export class VmError extends Error {
  override readonly name = 'VmError';
}
